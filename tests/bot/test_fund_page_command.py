"""`linli import ledger` and `linli export ledger` in Chinese, from a terminal."""

import csv
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.commands.ledger import export_ledger_command, import_ledger_command

GOOD = "日期,收入,支出,类别,摘要,捐赠人\n2026-09-01,1234.50,,商家捐赠,爱心款,王大明\n2026-09-02,,34.50,活动,茶水,\n"


@pytest.fixture
def linli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setenv("LINLI_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("LINLI_CONFIG", str(Path(__file__).parents[2] / "config.yaml"))
    monkeypatch.delenv("LINLI_DATABASE_URL", raising=False)
    app = typer.Typer()
    app.command("import")(import_ledger_command)
    app.command("export")(export_ledger_command)
    return app


def run(app: typer.Typer, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


def test_a_file_goes_in_and_comes_out(linli: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "账.csv"
    file.write_text(GOOD, encoding="gbk")
    code, said = run(linli, "import", str(file), "--fund", "WJJ", "--name", "微基金", "--kind", "微基金")
    assert code == 0, said
    assert "「微基金」（WJJ）2 笔" in said
    assert "现在账上 1,200.00 元" in said
    out = tmp_path / "出.csv"
    assert run(linli, "export", str(out), "--fund", "WJJ")[0] == 0
    with out.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["收入"], row["支出"], row["往来人"]) for row in rows] == [
        ("1234.50", "", "王**"),
        ("", "34.50", ""),
    ]
    assert len(rows[0]["校验码"]) == 64


def test_refusals_say_what_to_do(linli: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "账.csv"
    file.write_text(GOOD, encoding="utf-8")
    code, said = run(linli, "import", str(file), "--fund", "WJJ")
    assert (code, "--name" in said) == (1, True)
    new = ("--fund", "WJJ", "--name", "微基金", "--kind", "微基金")
    code, said = run(linli, "import", str(file), "--fund", "WJJ", "--name", "微基金", "--kind", "股票")
    assert (code, "可用：微基金、物业费" in said) == (1, True)
    code, said = run(linli, "import", str(file), *new, "--map", "日期:When")
    assert (code, "日期=" in said) == (1, True)
    code, said = run(linli, "import", str(file), *new, "--opening", "一点点")
    assert (code, "--opening" in said) == (1, True)
    file.write_text(GOOD.replace("34.50", "x"), encoding="utf-8")
    code, said = run(linli, "import", str(file), *new)
    assert (code, "第 3 行「支出」列" in said) == (1, True)
    code, said = run(linli, "export", str(tmp_path / "x.csv"), "--fund", "WJJ")
    assert (code, "没有编号 WJJ" in said) == (1, True)


def test_the_same_file_twice_is_refused(linli: typer.Typer, tmp_path: Path) -> None:
    file = tmp_path / "账.csv"
    file.write_text(GOOD, encoding="utf-8")
    words = ("import", str(file), "--fund", "WJJ", "--name", "微基金", "--kind", "micro")
    assert run(linli, *words)[0] == 0
    code, said = run(linli, *words)
    assert (code, "已经导入过" in said) == (1, True)
