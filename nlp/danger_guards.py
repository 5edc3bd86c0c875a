"""What only sounds like danger: over, practised, told, feared, denied, or a manner of speaking."""

import re
from functools import cache

from nlp.dangers import spelled, wording
from nlp.glance import Glance, alternatives

_SPLIT = re.compile(r"[,。!?;、\s]+|，|；|但是|不过|结果|可是")

# It is over: said in the clause of the danger.
OVER = wording(
    r"上次|上回|上个?(?:月|周|星期|礼拜)|去年|前年|以前|之前(?!.*现在)|曾经|那次|那回|那年|当年|前(?:几天|阵|段)",
    r"昨(?:天|晚|日|夜|儿)(?!.{0,12}(?:还|到现在|一直))|前天|大前天|早就|多年前|(?:月|年|周|天|星期|小时)前|后来|过后|过了火",
    r"火灾后|着火后|烧过|烧坏的|烧黑|已经(?:修|处理|灭|救|送|没|好|解决|报警|醒)|火灭了|扑灭|熄灭|救出来了|(?:人|他|她|娃儿?|都)出来了",
    r"没事了|没得事|虚惊|(?<![不没])好了|修好|解除|(?<!不)醒了|误会|查清|破案|抓(?:到|住)了",
    r"(?:困|着|起|掉|摔|死|伤|咬|打|出|发生|有|遇到?|碰到?|丢|塌|垮|漏|炸|夹|卡|砸|撞|晕|偷|吵|爆|淹)过(?!来|去|不|敏|上|马|门|街|路|人)",
)
# It happens all the time: said anywhere.
OFTEN = wording(
    r"天天|经常|老是|总是|每天|每次|每晚|时不时|动不动就|好多次|隔三差五|三天两头|一到.{0,6}就|经常性|常年|长期|回回|平时|从来"
)
# All is well again, or nothing was hurt: said anywhere.
ENDED = wording(
    r"虚惊|误报|没得事[了哈啦,。!]|没得?事了|没事了|没事[哈,]|不用(?:来|派|报警|管)了|不消来|别(?:来|慌|担心|紧张)|莫(?:来了|慌|担心|紧张)|大家放心",
    r"不(?:要|用)(?:都)?(?:再)?(?:担心|慌|紧张|着急)|都不要担心",
    r"(?:火|明火)(?:都|已经?|全部?)?(?:灭了|熄了|扑灭)|扑灭了|救出来了|放出来了|弄出来了|取出来了|找到了|找回来了|回(?:来|家)了|接回|送(?:到|去)?(?:了)?医院(?:了|去了|,|$)",
    r"人(?:早)?(?:就|已经)?(?:醒|好|没事|回来|走)了|缓过来了|恢复了|脱离危险|出院|抓(?:到|住|走)了|警察(?:已经)?(?:带走|处理|来过)|处理好了|修好了(?!没|吗|不)",
    r"不是(?:漏气|着火|火灾|我家漏气|起火)|总阀(?:我)?(?:已经|都)?关了|(?:谢谢|感谢|多谢|多亏|感激|表扬|点赞|锦旗)",
)
# Nobody was hurt: said anywhere; counts for what hurts, not for what still burns.
UNHURT = wording(
    r"没(?:有|得)?(?:伤|打|砸|压|咬|撞)(?:到|着)|没(?:有|得)?人(?:受伤|伤|在)|好险|还好|幸好|好在|幸亏|差点|险些|差一点|擦破点皮"
)
# Told of others: said anywhere.
RUMOUR = wording(
    r"群(?:里|头)(?:都)?(?:在)?(?:传|说|发)|(?<!防盗)(?<!防护)网上|抖音|快手|朋友圈|刷到|谣言|辟谣|听(?:他们|人家?|到|群里|别人|邻居)?说|新闻|电视(?:里|上|剧)|电影|小说|坝坝戏",
    r"是不是真的|真的假的|真的还是假的|是真的(?:不|吗|么)|热搜|视频(?:里|头|上|号|$)|的视频|传得|传言|那个剧|剧本|直播间|公众号|报道",
)
# Practised, taught, asked about, or wanted from an office: said anywhere.
LEARNT = wording(
    r"演练|演习|培训|讲座|宣传|预防|考试|试题|这道题|常识|知识|急救课|手册|教学|咋个判断|怎么判断|如何判断|怎样判断|教(?:一下|哈|我)|征兆|前兆|症状有",
    r"有哪些|晓不晓得|知不知道|懂不懂|要不要(?!紧|命|来)|该不该|是先.{0,8}还是|应该(?:怎么|咋个|咋|怎样|先)|怎么(?:急救|预防|防|处理才|申请)|咋个(?:急救|预防|防)",
    r"电话(?:是|号码)?(?:多少|好多|几)|电话号码|(?:打|找)哪个(?:电话|部门)|哪(?:里|儿|点|个)(?:有|可以|能|去|找)?(?:修|换|买|领|打针|打疫苗|配|学|开锁|报名|补|打狂犬)",
    r"怎么看|谁敢|敢不敢|申请|补助|补贴|报销|代办|轮椅|居家养老|护理员|康复|在家休养|住院|手续|推荐|挂(?:啥子|什么|哪个)科|看(?:啥子|什么|哪个)科|疫苗|狂犬针|医保|低保|残疾证",
    r"想捐|捐款|捐钱|捐点|募捐|慰问金|处理结果|结果出来|心理老师|心理咨询|理赔|赔偿|赔钱|赔不赔|谁负责|哪个负责|什么意思|啥意思|好久(?:修|刷|验|处理|弄)|啥时候(?:修|处理|弄|补|换|好)|什么时候(?:修|处理|弄|补|换)|原因(?:查|是|找)",
    r"查(?:一下|哈)?监控|调监控|看监控|建议|希望|能不能(?:装|修|换|加|安|增)|可不可以(?:装|修|换|加|安|放)|装(?:一?个|护栏|监控|围栏|扶手)|想(?:学|装|申请|问一下|咨询)|咨询|提个?醒",
    r"哪天(?:演|放|开|办)|几点(?:演|放|开|办)|还办不|办不办|报名|还有名额|闹着玩|逗(?:起)?耍|开玩笑|玩游戏|打游戏|剧透",
)
# Practised, feared or asked about: said in the clause of the danger.
TALK = wording(
    r"学习|学一|想学|课(?!间)(?<![上下放]课)|视频|游戏|听说|万一|如果|捐|慰问|要是|假如|怕(?!.*(?:了|在)(?!着)[^,]*$)|担心|容易",
    r"会不会|会着|会(?:割|伤|砸|掉|摔|夹|绊|扎|烫|触|漏|爆|炸|咬|塌|垮|倒|死|出事|出人命)|可能会|可能有|隐患|以防|防止|防火|防盗(?!网|门|窗|栏)|避免|早晚|迟早|小心|注意|当心|要掉要掉",
    r"差点|险些|梦|比赛|表演|身份证|证件|保险(?!丝|柜)|赔|责任|收费|多少钱|好多钱|几点|费用|缴|充值|涨价|安装",
    r"换表|开户|年检|检测|检查|检修(?!井|口)|验收|报警器(?!.{0,8}(?:叫|响|闪|报))|灭火器|逃生(?:绳|面具|通道)|模拟|体验|宣讲|标语|广告(?!牌|架)|通知|歌|段子|笑话|作文",
    r"火锅|烧烤店|餐馆|松了?[,，]?要掉",
)
# It is denied: right before the words.
NOT = re.compile(
    r"(?:没有?(?:人|得|发生|闻到|看到|再)?|不是|并未|未|不会|莫得|没得|不|防|灭|别|莫|免得?|闻不到|哪有|没得?人)$"
)
# It is going on after all.
NOW = wording(
    r"快来|快点(?:来|叫|救)|快救|救命|正在|现在(?!想起|好|没|才|咋样|是不是|修)|又(?=.*(?:了|在))|还在(?!不|吗|没)|刚刚|刚才|马上(?:来|派)",
    r"赶紧(?:来|派|救)|赶快(?:来|派|救)|突然|好大的?(?:烟|火)|来人|怎么办|咋办|咋个办|这会儿|这阵",
)
_URGENT = frozenset({"快来", "救命", "正在", "现在", "来人", "快救", "这会儿"})
_RUMOURED_NEAR = re.compile(r"(?:就)?在我们(?:小区|楼|这|院)|快(?:去|来|点)|赶(?:紧|快)")
_AGAIN = re.compile(r"又(?:[^,。]{0,10})(?:了|起|在)|还(?:在|没)|但是?|不过|结果|现在(?!没|好)")
# What one does not want to see where things pile up: 「堆了好多纸箱，起火了咋办」.
_FEARED = re.compile(
    r"堆|占|堵|没得?(?:护栏|防护|栏杆|盖|装|灯)|没有?(?:护栏|防护|栏杆|盖|装)|没装|飞线|私拉|乱停|停满|乱放|乱搭|松了|老化"
)
_THEN_WHAT = re.compile(r"^[^,。!?]{0,6}(?:咋办|咋个办|怎么办|咋整|怎么得了|咋得了|哪个负责|谁负责|咋个整)")
_SIMILE = re.compile(r"^[^,。!?]{0,3}(?:一样|似的|那样|样的)")
_STILL_BURNS = frozenset({"fire", "gas", "electric", "flood"})

# Manners of speaking and words that only look like danger: struck out before the search.
HARMLESS = spelled(
    r"(?:救护车|消防车?)(?:通道|车道)",
    r"打不(?:着|燃|起)火?|点不(?:着|燃)火?|(?:不|没)着火|打火机|火锅|火龙果|火车|火腿|火爆|冒火(?:得很|连天)|鬼火|火冒三丈|燃眉之急|火烧眉毛",
    r"发火|恼火|上火|火红|火气|气死|吃(?:醋|醋)|笑死|热死|吵死|累死|急死|吓死|烦死|冷死|饿死|臭死|丑死|羞死|尬死|困死|渴死|晒死|黑死|贵死|呛死人|咬死了",
    r"(?:狗|猫|动物)(?:和[^,]{0,3})?(?:打架|打起来)|(?:娃娃?儿?|孩子?|小朋友|学生)(?:些|们)?(?:在|又)?[^,]{0,4}打架(?!.{0,10}[血破伤])",
    r"抢红包|抢票|抢购|抢东西(?:便宜|打折)|打人工|打人民|冒烟(?:的)?(?:烤|香|火锅)|油烟|烧烤|抽油烟",
    r"烧(?:纸|香|垃圾|树叶子?|叶子|落叶|腊肉|柴|秸秆|蜡烛|钱纸|腊鸭|开水|水|茶|腊|饭|菜)",
    r"(?:简直|就|真的?|等于|跟|像|摆明)(?:是|在)?[^,]{0,2}(?:抢钱|抢劫|打劫|抢人)|抢人(?=生意|饭碗)",
    r"抽烟|吸烟|丢烟头|扔烟头|甩烟头|楼道抽|嗓子冒烟|忙得[^,]{0,3}冒烟|吃烟|烟酒|烟花|烟熏",
    r"(?:手机|快递|钥匙|衣服|球|猫|狗|被子|车子?|外卖|包裹|伞|卡|玩具|书包|帽子|鞋子?|拖鞋|眼镜|手链|戒指|耳机|项链|身份证|钱包|水杯|垃圾|衣架|钱)[^,]{0,4}(?:掉|落|卡|锁|困|关)(?:进|到|下|在|住)[^,]{0,6}",
    r"钥匙[^,]{0,3}(?:断|锁|卡)在?[^,]{0,6}",
    r"(?:电梯|门)(?:的)?(?:广告|卡片|卡(?![住到起在死了]))",
    r"门(?:禁)?卡|(?:洗|刷)卡|锁在车棚|锁在楼[道下]|下水道气|消防(?:通道|车|栓|检查|演练|器材|设施)|流血流汗",
    r"打(?:电话|麻将|球|扑克|羽毛球|疫苗|印|扫|折|卡|针|牌)|饮水中毒素|火灾自动报警系统|火灾(?:报警|保险|险|应急|预案|逃生|演|知识|形势)",
    r"(?:容易|怕|小心|当心|差点|险些|防)[^,]{0,4}(?:摔|绊|滑|跌|砸|触电|着火|起火)[倒到]?",
    r"自来水|想不开花|想不起|血压|血糖|献血|量血|抽血|鼻血(?!.{0,6}(?:止不|停不|一直))|血缘|血本",
    # How tired, hot, cross or amused somebody is.
    r"[热累气笑饿困急吵烦晒忙冷馋臭堵贵](?:得|死|的)(?:我|人|都|快|要|就|简直|差点|想|真的)*(?:要|快|想|得)?[^,。老娃大婆爷妈爸倒]{0,3}"
    r"(?:断气|昏过去|昏死|晕过去|晕倒|昏倒|吐血|要命|跳楼|撞墙|爆炸|冒烟|想死|半死|肚子痛|抽筋|窒息|自燃|中暑|送命|昏|晕|死|化|炸|疯|喘不过气|喘不上气|断腿|脱皮)(?!了,|了。|了$)?",
    r"(?:气|吓|笑|臭|烦|急|累|困|美|乐|丑|愁|尬|难|香|帅)(?:都)?(?:晕|昏|死|炸|疯|吐|吐血|爆|哭|岔气)(?:了|我|人)?|气得[^,]{0,6}",
    r"(?:真|都|好|简直|恨不得|逼得(?:我|人)|搞得(?:我|人)?)[^,]{0,3}(?:想)?(?:跳楼|撞墙|去死|报警)|(?:简直|快|都|热得)要中暑|想死的心|想死你|想死我了|爱得要死|要死要活|(?<=得)要死|烦得要死",
    r"(?:群|锅|电费|热搜|评论区?|后台|电话|心态|脑壳|手机|消息|头)(?:都)?(?:要|快)?(?:炸|爆)(?:了|开|锅)|炸(?:酱|鸡|串|土豆|鱼|锅|毛)|烟花爆竹|爆米花|爆满|爆款|火爆|爆粗|爆炸头|爆炸性",
    r"(?:要|收|逼|卖|吵|熬)[^,。]{0,4}(?:得)?要?人命(?!了)|要命(?:哦|啊|得很|$)|得要人命|人命关天|拿命|拼命|玩命|救命稻草|救命恩人|救命钱",
    r"救命啊?[,!。 ]*(?=[^,!。]{0,12}(?:表|作业|填|写|密码|价|贵|单词|代码|加班|论文|手机|考试|好吃|好笑|好帅|可爱|丑|尴尬|无语|蚊子|热|冷|饿|吵|停车|收费|系统|程序|难用|app|网|登|注册|验证|怎么弄|咋个弄|咋弄|流程|上班|快递|减肥|长胖|胖))",
    r"(?:腿|小腿|脚|手)?抽筋(?=.{0,4}(?:咋回事|怎么回事|缺钙|吃什么))|杀(?:价|毒|菌|虫|青|手锏)|杀人游戏|剧本杀|狼人杀|枪战|水枪|刀削面|砍价|打假|打听|打折",
    r"(?:跳|广场)舞|跳绳|跳蚤|跳闸(?![^,]{0,8}[火烟])|跳槽|跳级|倒霉|倒闭|倒垃圾|倒计时|倒是|倒车|晕车|晕船|晕血|头晕(?=药)|昏暗|黄昏|昏头|火葬|火炬|救火英雄|烈火英雄|火烧赤壁",
)


@cache
def _harmless() -> tuple[tuple[re.Pattern[str], ...], Glance]:
    lines = alternatives(HARMLESS)
    return tuple(re.compile(line) for line in lines), Glance(lines)


def struck_out(text: str) -> str:
    """The text with what only looks like danger replaced by a space of its own length."""
    patterns, glance = _harmless()
    for number in glance.possible(text):
        text = patterns[number].sub(lambda found: "　" * len(found[0]), text)
    return text


def guard(text: str, start: int, end: int, kind: str, *, frank: bool = False) -> str:
    """Why the danger at this place is none, or "". A `frank` one tells of fears and earlier days itself."""
    if (found := NOT.search(text[max(0, start - 5) : start])) is not None:
        return f"前面有「{found[0]}」"
    first = max((found.end() for found in _SPLIT.finditer(text, 0, start)), default=0)
    after = _SPLIT.search(text, end)
    clause = text[first : after.start() if after else len(text)]
    now = NOW.search(clause)
    if (found := ENDED.search(text)) is not None and not _AGAIN.search(text, found.end()):
        return f"像是没事了（{found[0]}）"
    if not frank and now is None and (found := OVER.search(clause)) is not None:
        return f"像是已经过去（{found[0]}）"
    if kind not in _STILL_BURNS and not frank and (found := UNHURT.search(text)) is not None:
        return f"没有伤到（{found[0]}）"
    if (found := RUMOUR.search(text)) is not None and not _RUMOURED_NEAR.search(text):
        return f"像是听来的（{found[0]}）"
    pressing = now is not None and now[0] in _URGENT
    if (found := LEARNT.search(text)) is not None and not pressing:
        return f"像是在说「{found[0]}」"
    if _SIMILE.match(text[end:]):
        return "是打比方"
    if not frank:
        return _in_clause(text, clause, end, now)
    return ""


def _in_clause(text: str, clause: str, end: int, now: re.Match[str] | None) -> str:
    pressing = now is not None and now[0] in _URGENT
    if (found := TALK.search(clause)) is not None and not pressing:
        return f"像是在说「{found[0]}」"
    if (often := OFTEN.search(text)) is not None and not NOW.search(text):
        return f"像是经常的事（{often[0]}）"
    if _THEN_WHAT.match(text[end:]) and _FEARED.search(text):
        return "像是担心"
    return ""
