"""How well, how fast and how small the understanding is, beside a keyword list, scikit-learn and fastText.

`python -m benchmarks.understanding [--smp FOLDER] [--no-peers] [--json FILE]`; FOLDER holds `smp2017_train.tsv` and
`smp2017_develop.tsv` (SMP2017-ECDT, not redistributed here). The peers are installed by pip into an environment of
their own in a temporary folder, which is removed afterwards.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from bot.config import load_config
from nlp import evaluate, sayings
from nlp.classifier import MIDDLE, SLOPE, Classifier
from nlp.evaluate import Line
from nlp.features import Reader
from nlp.normalise import normalise
from nlp.segment import Segmenter
from nlp.slots import LOCAL
from nlp.sounds import sounds
from nlp.spec import OUT_OF_SCOPE
from nlp.understand import Understander, expected

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "tests" / "fixtures" / "nlp"
NOW = datetime(2026, 10, 12, 10, 0, tzinfo=LOCAL)
PEERS = {"sklearn": "scikit-learn", "fasttext": "fasttext-wheel"}
_COLD = """
import sys, time
begun = time.perf_counter()
def rss():
    return next(int(l.split()[1]) / 1024 for l in open('/proc/self/status') if l.startswith('VmRSS'))
from pathlib import Path
from bot.config import load_config
spec = load_config(Path('config.yaml')).nlp
before, start = rss(), time.perf_counter()
import numpy
from nlp.understand import Understander
understander = Understander(spec)
understander.understand('路灯坏了', now=__import__('datetime').datetime.now(__import__('datetime').UTC))
print(time.perf_counter() - start, rss() - before)
"""

Figures = dict[str, float | str]
Taught = list[tuple[str, str]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--smp", type=Path, help="folder with smp2017_train.tsv and smp2017_develop.tsv")
    options.add_argument("--no-peers", action="store_true", help="without scikit-learn and fastText")
    options.add_argument("--json", type=Path, help="every figure into this file")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        python = None if given.no_peers else _environment(Path(folder))
        told = {"residents": _residents(python)}
        if given.smp:
            told["smp2017"] = _smp(given.smp, python)
    if given.json:
        given.json.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")


def _environment(folder: Path) -> Path:
    """A virtual environment with the peers; what pip cannot install is left out and said."""
    venv.create(folder / "peers", with_pip=True)
    python = folder / "peers" / "bin" / "python"
    for package in ("numpy", *PEERS.values()):
        done = subprocess.run(
            [python, "-m", "pip", "install", "-q", package], capture_output=True, check=False
        )
        if done.returncode:
            print(f"{package} cannot be installed here: left out")
    return python


def _residents(python: Path | None) -> list[Figures]:
    """The shipped configuration on lines of residents that it has not read."""
    spec = load_config(ROOT / "config.yaml").nlp
    begun = time.perf_counter()
    understander = Understander(spec)
    first_s = time.perf_counter() - begun
    begun = time.perf_counter()
    Understander(spec)
    again_s = time.perf_counter() - begun
    lines = _read(FIXTURES / "residents_dev.tsv") + _read(FIXTURES / "community_utterances_dev.tsv")
    taught = [(text, ident) for _, text, ident in (*understander.phrases, *understander.sayings)]
    taught += [(text, OUT_OF_SCOPE) for text in sayings.chitchat()]

    def whole(text: str) -> str:
        heard = understander._understood(text, NOW, (), ())
        return evaluate.parsed(text, heard)["intent"]  # type: ignore[return-value]

    print(f"\nResidents: {len(lines)} lines, {len(taught)} taught")
    rows = [_measured("linli, whole pipeline with slots", whole, lines)]
    cold = subprocess.run([sys.executable, "-c", _COLD], cwd=ROOT, capture_output=True, text=True, check=True)
    cold_s, rss = map(float, cold.stdout.split())
    rows[0] |= {"load_s": cold_s, "rss_mb": rss}
    rows.append(_measured("keyword list (χ², ten words an intent)", _keywords(taught), lines))
    rows += _peers(python, taught, lines)
    _table(rows)
    print(f"learning: first {first_s:.2f} s, again after an edit {again_s:.2f} s")
    held = expected(understander)
    print(
        f"cross-validation over what is taught: accuracy {held.accuracy:.1%}, ours accepted {held.accepted:.1%}, "
        f"chit-chat refused {held.refused:.1%}; curve of the score {held.curve[0]:.2f}, {held.curve[1]:.2f} "
        f"(in use {SLOPE}, {MIDDLE})"
    )
    return rows


def _smp(folder: Path, python: Path | None) -> list[Figures]:
    """The bare engine on SMP2017: no lexicon, no rules, no sayings."""
    train, lines = _read(folder / "smp2017_train.tsv"), _read(folder / "smp2017_develop.tsv")
    taught = [(normalise(line.text), line.label) for line in train]
    begun = time.perf_counter()
    bare = _bare(taught)
    load_s = time.perf_counter() - begun
    print(
        f"\nSMP2017: {len(lines)} lines of develop, {len(taught)} taught, {len(set(dict(taught).values()))} domains"
    )
    rows = [_measured("linli, bare engine", bare, lines) | {"load_s": load_s}]
    rows.append(_measured("keyword list (χ², ten words a domain)", _keywords(taught), lines))
    rows += _peers(python, taught, lines)
    _table(rows)
    few = {
        size: sum(_accuracy(_bare(_some(taught, size, seed)), lines) for seed in range(5)) / 5
        for size in (5, 10, 20)
    }
    print(
        "few-shot, mean of 5 seeds: "
        + ", ".join(f"{size} a domain {share:.1%}" for size, share in few.items())
    )
    clean = _accuracy(bare, lines)
    for count in (1, 2):
        wrong = sum(_accuracy(bare, _mistyped(lines, count, seed)) for seed in range(3)) / 3
        print(f"{count} homophone typos a line: {wrong:.1%} ({100 * (wrong - clean):+.1f} points)")
    apart = [line for line in train if line.label != "chat"]
    judged = [Line(line.text, OUT_OF_SCOPE if line.label == "chat" else line.label) for line in lines]
    figures = evaluate.evaluate_alone(apart, judged)
    print(
        f"chat never taught: {figures['oos_recall']:.1%} refused, {figures['false_reject']:.1%} of the rest lost"
    )
    rows[0] |= {f"few_{size}": share for size, share in few.items()}
    return rows


def _read(file: Path) -> list[Line]:
    return evaluate.read_lines(file.read_text(encoding="utf-8-sig"))


def _bare(taught: Taught) -> Callable[[str], str]:
    classifier = Classifier(Reader({}, {}, ()), taught)
    return lambda text: classifier.scores(normalise(text))[0].ident


def _some(taught: Taught, size: int, seed: int) -> Taught:
    """So many lines of each label."""
    chosen = random.Random(seed)
    by_label: dict[str, list[str]] = {}
    for text, label in taught:
        by_label.setdefault(label, []).append(text)
    return [
        (text, label)
        for label, texts in sorted(by_label.items())
        for text in chosen.sample(texts, min(size, len(texts)))
    ]


def _mistyped(lines: Sequence[Line], count: int, seed: int) -> list[Line]:
    """Every line with so many characters written as common ones that sound the same."""
    chosen = random.Random(seed)
    by_sound: dict[str, list[str]] = {}
    for char, sound in sounds().items():
        by_sound.setdefault(sound, []).append(char)
    wrong = []
    for line in lines:
        chars = list(line.text)
        # The table lists the characters of a sound by how common they are: typists hit the common ones.
        others = {
            at: [c for c in by_sound[sounds()[char]][:6] if c != char]
            for at, char in enumerate(chars)
            if char in sounds()
        }
        places = [at for at, found in others.items() if found]
        for at in chosen.sample(places, min(count, len(places))):
            chars[at] = chosen.choice(others[at])
        wrong.append(Line("".join(chars), line.label, line.also_ok))
    return wrong


def _accuracy(answer: Callable[[str], str], lines: Sequence[Line]) -> float:
    return sum(answer(line.text) in (line.label, *line.also_ok) for line in lines) / len(lines)


def _measured(name: str, answer: Callable[[str], str], lines: Sequence[Line]) -> Figures:
    answers, taken = [], []
    for _ in range(3):
        for line in lines:
            start = time.perf_counter()
            got = answer(line.text)
            taken.append(time.perf_counter() - start)
            answers.append(got)
    return _judged(name, answers[: len(lines)], lines) | _percentiles(taken)


def _percentiles(taken: list[float]) -> Figures:
    ranked = sorted(taken)
    return {"us_p50": ranked[len(ranked) // 2] * 1e6, "us_p99": ranked[int(len(ranked) * 0.99)] * 1e6}


def _judged(name: str, answers: Sequence[str], lines: Sequence[Line]) -> Figures:
    right = [got in (line.label, *line.also_ok) for got, line in zip(answers, lines, strict=True)]
    inside = [ok for ok, line in zip(right, lines, strict=True) if line.label != OUT_OF_SCOPE]
    outside = [ok for ok, line in zip(right, lines, strict=True) if line.label == OUT_OF_SCOPE]
    figures: Figures = {"system": name, "accuracy": sum(right) / len(right)}
    if outside:
        figures |= {"accepted": sum(inside) / len(inside), "refused": sum(outside) / len(outside)}
    return figures


def _keywords(taught: Taught) -> Callable[[str], str]:
    """The ten words of each label that tell it best from the rest (χ²); the first label with a hit wins."""
    segmenter = Segmenter()
    labels = Counter(label for _, label in taught)
    together: Counter[tuple[str, str]] = Counter()
    alone: Counter[str] = Counter()
    for text, label in taught:
        for word in {word for word in segmenter.cut(text) if len(word) > 1}:
            together[word, label] += 1
            alone[word] += 1
    total = len(taught)

    def telling(word: str, label: str) -> float:
        hit, said, lines = together[word, label], alone[word], labels[label]
        other = hit * (total - said - lines + hit) - (said - hit) * (lines - hit)
        return total * max(other, 0) ** 2 / (said * lines * (total - said) * (total - lines) or 1)

    table = []
    for label in labels:
        if label == OUT_OF_SCOPE:
            continue
        words = sorted((w for w, one in together if one == label), key=lambda w: -telling(w, label))[:10]
        table.append((label, words))
    rest = OUT_OF_SCOPE if OUT_OF_SCOPE in labels else labels.most_common(1)[0][0]
    return lambda text: next((label for label, words in table if any(w in text for w in words)), rest)


def _peers(python: Path | None, taught: Taught, lines: Sequence[Line]) -> list[Figures]:
    if python is None:
        return []
    given = json.dumps({"train": taught, "test": [(normalise(line.text), line.label) for line in lines]})
    rows = []
    for name in PEERS:
        done = subprocess.run(
            [python, Path(__file__).with_name("understanding_peers.py"), name],
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            print(f"{name}: {done.stderr.strip().splitlines()[-1]}")
            continue
        row = json.loads(done.stdout.splitlines()[-1])
        rows.append(_judged(row["system"], row.pop("answers"), lines) | row)
    return rows


def _table(rows: Sequence[Figures]) -> None:
    columns = ("accuracy", "accepted", "refused", "us_p50", "us_p99", "load_s", "rss_mb")
    print("| system | accuracy | ours accepted | others refused | p50 µs | p99 µs | load s | RSS MB |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        cells = []
        for column in columns:
            value = row.get(column)
            if value is None:
                cells.append("–")
            elif column in ("accuracy", "accepted", "refused"):
                cells.append(f"{100 * float(value):.1f}")
            else:
                cells.append(f"{float(value):.2f}" if column == "load_s" else f"{float(value):.0f}")
        print(f"| {row['system']} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
