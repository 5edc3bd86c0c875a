"""A worker's second way: bound by a code that is good once, for ten minutes, on one phone."""

from datetime import timedelta

from models.desk import Desk


def test_the_code_binds_the_account_that_says_it(desk: Desk) -> None:
    code = desk.new_link_code("zhangsan")
    assert len(code) == 8 and code.isdigit()
    assert desk.link_of("zhangsan") == ""
    assert desk.link_worker(code, "mp:z") == "zhangsan"
    assert (desk.link_of("zhangsan"), desk.worker_linked("mp:z")) == ("mp:z", "zhangsan")
    assert desk.link_worker(code, "mp:thief") == "", "good once"


def test_codes_end_and_newer_ones_replace_older(desk: Desk) -> None:
    old = desk.new_link_code("zhangsan")
    new = desk.new_link_code("zhangsan")
    assert old == new or desk.link_worker(old, "mp:z") == ""
    desk.now += timedelta(minutes=10)
    assert desk.link_worker(new, "mp:z") == ""
    assert desk.link_worker("", "mp:z") == ""


def test_one_phone_is_one_workers(desk: Desk) -> None:
    desk.link_worker(desk.new_link_code("zhangsan"), "mp:z")
    desk.link_worker(desk.new_link_code("lisi"), "mp:z")
    assert (desk.link_of("zhangsan"), desk.link_of("lisi")) == ("", "mp:z")


def test_letting_go(desk: Desk) -> None:
    desk.link_worker(desk.new_link_code("zhangsan"), "mp:z")
    assert desk.unlink_worker("zhangsan")
    assert not desk.unlink_worker("zhangsan")
    assert (desk.link_of("zhangsan"), desk.worker_linked("mp:z")) == ("", "")
