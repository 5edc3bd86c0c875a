"""One spelling for what people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.normalise import MAX_CHARS, clean, normalise, numeral


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("三栋二单元五零一", "3栋2单元501"),
        ("二十一号楼十二层", "21号楼12层"),
        ("３栋　漏水", "3栋漏水"),
        ("路燈壞了", "路灯坏了"),
        ("電梯裡有人", "电梯里有人"),
        ("孃孃在後門", "嬢嬢在后门"),
        ("[捂脸]3栋[图片]漏水", "3栋漏水"),
        ("@小邻 查进度", "查进度"),
        ("看这里https://example.org/a?b=1 漏水", "看这里漏水"),
        ("一直漏水", "一直漏水"),
        ("一户一票怎么投", "一户一票怎么投"),
        ("万一着火", "万一着火"),
        ("一家三口", "一家三口"),
        ("一千二百块", "1200块"),
        ("下午三点半", "下午3点半"),
        ("十二月二十五号", "12月25号"),
        ("哈哈哈哈哈", "哈哈"),
        ("13800000000", "13800000000"),
        ("救命！！！", "救命!"),
        ("谢谢🙏", "谢谢🙏"),
    ],
)
def test_one_spelling(typed: str, read: str) -> None:
    assert normalise(typed) == read


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("二十三", 23),
        ("十", 10),
        ("一百零五", 105),
        ("一千二", 1200),
        ("五零一", 501),
        ("两万", 20000),
        ("三万五", 35000),
        ("一百二", 120),
        ("漏", None),
        ("", None),
    ],
)
def test_numerals(words: str, number: int | None) -> None:
    assert numeral(words) == number


@given(st.text(max_size=1200))
def test_any_text_becomes_short_clean_and_trimmed(text: str) -> None:
    once = clean(text)
    assert len(once) <= MAX_CHARS
    assert once == once.strip()
    assert not any(ord(char) < 32 or char in "０１２３！？，" for char in once)
