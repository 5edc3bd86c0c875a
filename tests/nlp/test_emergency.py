"""Danger is heard in indirect words; what is over, feared, practised or asked about is not danger."""

import pytest
from samples import NOW, rows

from nlp.emergency import danger
from nlp.normalise import normalise
from nlp.understand import Understander
from nlp.understanding import Decision


@pytest.mark.parametrize("row", rows("emergency_dev.tsv"), ids=lambda row: row["text"])
def test_samples(row: dict[str, str], understander: Understander) -> None:
    heard = understander.understand(row["text"], now=NOW)
    assert bool(heard.emergency) is (row["emergency"] == "1")


@pytest.mark.parametrize(
    "text",
    [
        "屋里一股臭鸡蛋味",
        "有人卡在电梯里头了",
        "厨房起火了，在14栋602",
        "有个老人家倒在花园里，没反应了",
        "电梯卡住不动了，我和娃儿在里头",
        "救命",
        "楼道里在冒烟",
        "我妈喊不答应了",
        "老人摔倒起不来了",
        "有人要跳楼",
        "电线掉下来在冒火花",
        "有个小娃娃掉进水池了",
        "隔壁在打老婆，喊救命",
        "3栋2单元楼上燃起来了",
        "闻到好大的天然气味道",
        "我爸胸口痛得很，快不行了",
        "娃娃把自己反锁在屋里，灶上还开着火",
        "有人入室偷东西，人还在屋里",
        "墙倒了压到人了",
        "树倒下来砸到人了",
        "电瓶车在楼道里充电炸了，全是烟",
        "隔壁屋头在冒黑烟",
        "我婆婆滑倒了动不了，屋头没人",
        "水漫到配电箱了在打火",
        "有个醉汉在院坝里拿刀砍人",
        "孕妇要生了",
        "有人触电了",
        "邻居家烟子直往外冒，敲门没人应",
        "婆婆躺在楼梯口喊不醒",
        "我老汉心脏病犯了",
        "小孩手被电梯门夹住了",
        "楼下两口子打起来了，动了刀",
        "有人在天台上要往下跳",
        "电梯坏了里面关了个人",
        "上次着火那家又烧起来了，快来",
        "有人倒在单元门口，一动不动",
        "二楼窗户在往外冒浓烟",
        "我孙儿被夹在门缝里了",
        "液化气罐在嗤嗤冒气",
        "爷爷突然倒下去了，怎么叫都没反应",
        "楼上有人拿菜刀追人",
        "家里的插座在冒火星",
        "电梯掉到负一楼卡住了，我们四个人在里面",
        "有个娃娃掉进化粪池了",
        "厨房有股煤气味，头好晕",
        "我妈吃了一瓶安眠药",
        "车库有辆车烧起来了",
        "有人割腕了",
        "隔壁婆婆从楼梯上滚下去了，流了好多血",
        "有小偷在撬我家门",
        "天然气软管遭老鼠咬破了，在漏",
        "楼道电缆冒烟了",
        "救人啊，有人落水了",
        "花坛那边有人晕起了",
        "我心口痛得冒冷汗",
        "有个男的一直跟踪我，我不敢回家",
        "地下车库被水淹了，还有人在里头",
        "热水器漏电把我老公打倒了",
        "娃儿被狗咬得鲜血直流",
        "我遭锁在楼顶天台下不来",
    ],
)
def test_danger(text: str, understander: Understander) -> None:
    heard = understander.understand(text, now=NOW)
    assert heard.emergency
    assert (heard.intent, heard.decision) == ("emergency", Decision.SURE)


@pytest.mark.parametrize(
    "text",
    [
        "上次着火那个楼道好久修",
        "消防演练几点",
        "热水器打不着火，推荐一个靠谱师傅",
        "电梯按了没反应",
        "昨天晚上楼下打架，吵得睡不着",
        "灭火器过期了",
        "楼下烧烤店油烟熏得人受不了",
        "有人在楼道抽烟",
        "天然气好久检修",
        "燃气换表要收费不",
        "我的钥匙掉进电梯缝里了",
        "路灯坏了晚上容易摔倒",
        "地砖翘起来了，老人走路绊脚",
        "井盖不见了，怕娃娃掉下去",
        "单元门卡住打不开",
        "门禁没反应",
        "电梯老是卡住，修一下",
        "监控坏了，上个月遭偷了",
        "电线老化，怕起火",
        "听说隔壁小区着火了",
        "消防栓没水",
        "充电桩没反应了",
        "我气死了，物业不管事",
        "狗打架吵死人",
        "急救培训我要来，怎么登记",
        "有人乱扔烟头，很容易着火",
        "去年电梯困人那件事物业给说法没",
        "下水道堵了，水漫出来了",
        "水管爆了，水流到过道上",
        "燃气公司电话多少",
        "老人摔倒了怎么预防",
        "楼上又往下甩烟头",
        "墙砖掉下来了，差点砸到人",
        "建议装个烟雾报警器",
        "有没有防溺水的讲座",
        "看到电影里着火了",
        "快递卡在快递柜里了",
        "娃娃打针疫苗在哪打",
        "3栋电梯里有股臭味",
        "电动车锁在车棚打不开",
        "我被蚊子咬死了",
        "救护车通道被占了",
        "火灾过后楼道墙壁黑黢黢的，好久粉刷",
        "燃气表没电了换电池找哪个",
        "上个月楼道失火以后墙一直黑的",
        "家里打火灶点不燃",
        "灭火器在哪领",
        "我的车钥匙锁在车里了",
        "急救包哪里买",
        "有没有防火知识讲座",
        "电梯里有人抽烟",
        "门口的树会不会倒下来砸到人",
        "昨天有人在群里吵架",
        "电梯老是夹人，希望修一下",
        "消防车道划线模糊了",
        "有人在楼道给电瓶车充电，怕着火",
        "触电保护器多少钱",
        "跳广场舞的太吵",
        "血压计在哪里可以量",
        "打火机丢在花园里",
        "物业人员态度差，差点打起来",
        "晕车药哪里买",
        "救生员培训怎么报名",
        "小区里有蛇",
        "煤气罐放在楼道里",
        "燃气公司什么时候来安检",
        "我想学怎么用灭火器",
    ],
)
def test_near_misses(text: str, understander: Understander) -> None:
    heard = understander.understand(text, now=NOW)
    assert not heard.emergency
    assert heard.intent != "emergency" or heard.decision is not Decision.SURE


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("3栋着火了", "fire"),
        ("屋里一股臭鸡蛋味", "gas"),
        ("有人卡在电梯里头了", "trapped"),
        ("我妈喊不答应了", "medical"),
        ("有人拿刀砍人", "violence"),
        ("有人触电了", "electric"),
        ("有个小娃娃掉进水池了", "water"),
        ("有人要跳楼", "jump"),
    ],
)
def test_kinds(text: str, kind: str) -> None:
    assert danger(normalise(text)).kind == kind


def test_the_admins_own_words_count_with_the_same_guards() -> None:
    words = [("氯气泄露", "file_request")]
    assert danger("泳池氯气泄露了", words).kind == "other"
    assert not danger("上次氯气泄露那个泳池还开不", words)
    assert not danger("氯气", words)


def test_a_guard_says_why() -> None:
    seen = danger("上次着火那个楼道好久修")
    assert not seen
    assert (seen.kind, seen.words) == ("fire", "着火")
    assert "上次" in seen.guard


def test_danger_now_counts_although_there_was_one_before() -> None:
    assert danger("上次着火那家现在又烧起来了")
    assert danger("昨天修的电线,现在冒火花了")
