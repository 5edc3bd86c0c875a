"""Words that tell of danger by their class, not by themselves: persons, parts of the body, weapons, heights, waters."""

from functools import cache

# One capital letter a class; normalised text has none, so a text with these words replaced stays readable:
# 「我爸嘴皮都乌了」 is 「OB都乌了」. The tables of `nlp.danger_signs` are written in that shorthand.
_CLASSES: dict[str, str] = {
    # a child
    "K": (
        "奶娃儿 奶娃 娃娃 娃儿 小娃娃 小娃儿 小娃 女娃娃 男娃娃 女娃儿 男娃儿 女娃 男娃 孩子 小孩子 小孩儿 小孩 小朋友 宝宝 婴儿 "
        "孙子 孙女 孙儿 孙娃 外孙 儿子 女儿 幺儿 娃 小学生 学生 小姑娘 小男孩 小女孩 男孩 女孩 幼儿 细娃 细娃儿 妹妹 弟弟 妹儿 孙孙"
    ),
    # an old person or a parent
    "O": (
        "老人家 老人 老头儿 老头 老太婆 老太太 老太 老大爷 老爷爷 老奶奶 老爷子 婆婆 爷爷 奶奶 外公 外婆 大爷 大妈 嬢嬢 太婆 "
        "老汉儿 老汉 老妈 老爸 妈妈 爸爸 我妈 我爸 他妈 她妈 他爸 她爸 妈 爸 公公 母亲 父亲 老母亲 老父亲 姥姥 姥爷 阿婆 太公 "
        "老伴儿 老伴 老两口 老者 老大娘 大娘 太爷 祖祖 老辈子 老年人 伯伯 伯父 老师傅 舅舅 老舅 幺爸 婆 李孃孃 孃孃 嬢 太奶奶 老大姐 老人些 婆婆娘"
    ),
    # anybody else
    "P": (
        "人 老公 老婆 婆娘 媳妇 男人 女人 女的 男的 丈夫 妻子 邻居 师傅 工人 保安 孕妇 姐姐 哥哥 小伙子 小伙儿 小伙 姑娘 小姐姐 "
        "小妹 小哥 同事 朋友 室友 租客 房客 保洁 保洁员 清洁工 环卫工 环卫 外卖员 外卖小哥 骑手 快递员 快递小哥 送外卖的 扫地的 散步的 走路的 逛街的 跳舞的 下棋的 打牌的 锻炼的 买菜的 过路的 "
        "路人 行人 司机 叔叔 阿姨 他 她 我 我们 咱们 大哥 大姐 民工 业主 住户 妇女 年轻人 酒鬼 醉汉 醉鬼 疯子 陌生人 生人 两口子 "
        "骑电瓶车的 骑摩托的 骑车的 他们 她们 姐 哥 女娃子 婆娘家 女子 男子 闺女 老乡 住客 乘客 病人 伤者 店员 服务员 路过的 老师 医生 警察 民警 电工 水电工 木工 油漆工 司机师傅 钓鱼的 前男友 前夫 男朋友 女朋友 闺蜜 表弟 表妹 表哥 表姐 男生 女生 同学 哪个人 小区住户"
    ),
    # a part of the body
    "B": (
        "脑壳 脑袋 额头 头部 后脑勺 脸 脸色 脸巴 嘴 嘴巴 嘴皮 嘴唇 眼睛 鼻子 耳朵 脖子 颈子 颈项 喉咙 嗓子 气管 肩膀 膀子 膀膀 胳膊 "
        "胳臂 手 手杆 手臂 手指 手指头 手指拇 指头 指拇 指拇儿 手腕 手掌 胸口 心口 胸 胸膛 心窝子 心窝 心脏 背 后背 腰 腰杆 屁股 "
        "肚子 肚皮 大腿 小腿 腿 腿杆 腿子 膝盖 克膝头 脚 脚杆 脚趾 脚趾头 脚板 脚背 脚踝 骨头 肋骨 舌头 身子 身上 半边身子 头皮 头发 辫子 围巾 裙子 袖子 裤脚 大拇指 小拇指 食指 中指 脚拇指"
    ),
    # what strikes and stabs
    "W": (
        "刀 菜刀 砍刀 水果刀 匕首 斧头 斧子 铁棍 棍子 棍棒 棒棒 木棒 铁棒 钢管 铁管 砖头 锤子 榔头 酒瓶 啤酒瓶 酒瓶子 板凳 扳手 铁锹 "
        "铲子 西瓜刀 甩棍 剪刀 铁链 钢钎 扁担 锄头 长刀 弯刀 尖刀 电锯 杀猪刀"
    ),
    # what bites and stings
    "A": (
        "狗 恶狗 狼狗 野狗 疯狗 大狗 狗子 流浪狗 大黄狗 大黑狗 藏獒 蛇 毒蛇 菜花蛇 马蜂 胡蜂 蜂子 黄蜂 蜜蜂 猴子 野猪 牛 蜈蚣 蝎子 牛角蜂"
    ),
    # where a fall kills
    "H": (
        "窗台 窗子外 窗户外 窗外 阳台外 阳台边 阳台栏杆 楼顶边 楼顶边边 天台边 天台边边 天台栏杆 楼顶栏杆 栏杆外 护栏外 防护栏外 "
        "女儿墙 空调架 空调架子 空调外机 外墙 雨棚 塔吊 水塔 电线杆 铁塔 广告架 桥栏杆 楼沿 屋檐 窗沿 窗框 防盗网外 房檐"
    ),
    # waters and holes
    "Y": (
        "水池 水池子 水塘 鱼塘 荷花池 荷塘 景观池 喷水池 喷泉 人工湖 湖 河 河沟 水沟 沟 阴沟 水井 窨井 下水井 沙井 检查井 井 坑 "
        "基坑 深坑 化粪池 粪坑 下水道 泳池 游泳池 蓄水池 水坑 江 水凼凼 水凼 池塘 池子 堰塘 水渠 集水井 水缸 浴缸 水里 水头 水中 污水池"
    ),
    # what falls on people
    "T": (
        "花台 花坛 堡坎 广告牌 招牌 店招 灯箱 花盆 花钵 花钵钵 树 树枝 树桠 树桠桠 大树 墙 围墙 挡墙 院墙 瓷砖 墙砖 外墙砖 墙皮 砖 玻璃 窗户 窗子 "
        "窗扇 纱窗 吊灯 天花板 吊顶 脚手架 架子 货架 铁架 棚子 车棚 雨篷 铁门 大门 道闸 闸杆 栏杆 柜子 衣柜 石头 石板 水泥板 "
        "水泥块 预制板 楼板 阳台 电杆 秋千 单杠 篮球架 空调 晾衣杆 砖块 房子 危房 屋顶 房顶 楼梯 边坡 山坡 土坡 冰柜 石狮子 钢筋"
    ),
    # what must not be swallowed
    "N": (
        "农药 敌敌畏 百草枯 草甘膦 除草剂 老鼠药 耗子药 毒药 灭鼠药 消毒水 消毒液 84 洁厕灵 洁厕液 洁厕 漂白水 漂白粉 工业酒精 酒精 "
        "甲醇 安眠药 纽扣电池 电池 硬币 磁铁珠 磁力珠 磁珠 巴克球 玻璃渣 钉子 别针 干燥剂 洗衣液 洗衣凝珠 洗洁精 杀虫剂 "
        "杀虫水 蟑螂药 樟脑丸 野生菌 野菌子 毒蘑菇 毒菌子 野蘑菇 硫酸 水银 温度计 机油 除锈剂 强酸 烧碱 管道疏通剂 疏通剂 油漆 胶水 发胶"
    ),
    # an electric thing
    "E": (
        "电线 电缆 高压线 线头 裸线 插座 插板 插排 插线板 配电箱 配电间 配电房 配电柜 电箱 电表箱 电表 电闸 开关箱 空开 变压器 "
        "路灯杆 路灯杆子 灯杆 充电桩 热水器 接线板"
    ),
    # the lift
    "L": "电梯 轿厢 货梯 升降机 扶梯",
    # a car and what has wheels
    "V": (
        "车子 车 小车 轿车 汽车 货车 三轮车 电瓶车 电动车 电马儿 摩托车 摩托 面包车 越野车 垃圾车 公交车 搅拌车 渣土车 铲车 "
        "电三轮 火三轮 自行车"
    ),
}
# Words that hold one of the above and mean something else.
_OTHERWISE = (
    "人工 人行道 人行横道 人民 人员 人家 人才 人脸 人脸识别 私人 别人 主人 本人 工作人员 负责人 "
    "手机 手续 手表 扶手 手工 手册 二手 抓手 手里 动手 上手 下手 随手 顺手 新手 水手 帮手 手艺 手电 手电筒 手推车 手套 手环 分手 "
    "手头 手法 手游 手术 亲手 手写 手动 手感 举手 双手 拍手 手续费 高手 选手 对手 歌手 嘴臭 多嘴 顺嘴 插嘴 嘴甜 面子 丢脸 脸面 不要脸 抽背 背东西 背书包 背起 腰鼓 腰围 手心 手里头 手上 "
    "刷脸 背后 背景 背书 背包 背心 背篓 违背 后背箱 腰包 山脚 脚步 脚手架 墙脚 脚印 刀削面 刀口 剪刀差 牛奶 牛肉 牛排 牛年 蜗牛 牛油 吹牛 "
    "牛仔裤 热狗 狗粮 狗屎 狗便 狗绳 狗叫 狗证 狗狗 树立 树叶 植树 植树节 河南 河北 河边 江苏 江湖 湖南 湖北 坑人 坑爹 坑坑洼洼 坑洼 井盖 水头菜 车祸 停车 "
    "停车位 停车费 停车场 停车棚 车位 车库 车牌 车费 车道 车展 车门 车险 车主 车载 公交车站 火车 火车站 洗车 打车 车锁 坐车 开车门 车窗 他妈的 妈的 "
    "妈妈群 老人机 老人卡 老人证 老人节 老年人证 老年人卡 孩子气 学生证 学生卡 娃娃菜 娃娃机 抓娃娃 每人 人人 一家人 我看 我想问 我觉得 我认为 "
    "我问一下 我说 我要报名 我要问 头发 理发 墙上 墙面 墙壁 墙角 墙绘 墙漆 树下 树荫 树苗 石头剪刀布 胸牌 胸针 心脏病 手足口 电脑 电视 电话 "
    "玻璃胶 大门口 门口 楼梯间 楼梯口 电线杆子 水表 水井坊 马上 水头"
)


@cache
def _by_first() -> dict[str, tuple[tuple[str, str], ...]]:
    """(word, letter) by their first character, longest first; the letter is "" for words that mean something else."""
    letters = {word: "" for word in _OTHERWISE.split()}
    letters |= {word: letter for letter, line in _CLASSES.items() for word in line.split()}
    table: dict[str, list[tuple[str, str]]] = {}
    for word in sorted(letters, key=len, reverse=True):
        table.setdefault(word[0], []).append((word, letters[word]))
    return {first: tuple(words) for first, words in table.items()}


def shorthand(text: str) -> tuple[str, list[int]]:
    """The text with each word of a class as its letter, and where each character of that stood in the text."""
    out: list[str] = []
    at: list[int] = []
    table = _by_first()
    covered = 0
    for place, char in enumerate(text):
        if place < covered:
            continue
        for word, letter in table.get(char, ()):
            if text.startswith(word, place):
                covered = place + len(word)
                out.append(letter or word)
                at.extend((place,) if letter else range(place, covered))
                break
        else:
            out.append(char)
            at.append(place)
    at.append(len(text))
    return "".join(out), at
