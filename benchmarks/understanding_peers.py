"""What others make of the same lines: scikit-learn and fastText, run in an environment of their own.

Reads {"train": [[text, label]...], "test": [[text, label]...]} from standard input and prints one line of JSON for
each system that is installed: {"system", "answers", "us_p50", "us_p99", "load_s", "rss_mb"}.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def rss_mb() -> float:
    """Resident memory of this process."""
    with Path("/proc/self/status").open(encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def main() -> None:
    given = json.load(sys.stdin)
    train = [(text, label) for text, label in given["train"]]
    test = [text for text, _ in given["test"]]
    system = {"sklearn": sklearn, "fasttext": fasttext}[sys.argv[1]]
    before, begun = rss_mb(), time.perf_counter()
    for name, answer in system(train):
        load_s = time.perf_counter() - begun
        answers, taken = [], []
        for text in test:
            start = time.perf_counter()
            answers.append(answer(text))
            taken.append(time.perf_counter() - start)
        taken.sort()
        row = {
            "system": name,
            "answers": answers,
            "us_p50": taken[len(taken) // 2] * 1e6,
            "us_p99": taken[int(len(taken) * 0.99)] * 1e6,
            "load_s": load_s,
            "rss_mb": rss_mb() - before,
        }
        print(json.dumps(row), flush=True)


def sklearn(train: list[tuple[str, str]]) -> Iterator[tuple[str, Callable[[str], str]]]:
    """tf-idf of one and two characters, LinearSVC: the strongest of the plain ways."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 (one of the two may be missing)
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.svm import LinearSVC  # noqa: PLC0415

    model: Any = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 2)), LinearSVC())
    model.fit([text for text, _ in train], [label for _, label in train])
    yield "scikit-learn LinearSVC, characters 1-2", lambda text: str(model.predict([text])[0])


def fasttext(train: list[tuple[str, str]]) -> Iterator[tuple[str, Callable[[str], str]]]:
    """fastText on single characters with pairs, 50 rounds, rate 0.5."""
    import fasttext as library  # noqa: PLC0415

    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.writelines(f"__label__{label} {' '.join(text.replace(' ', ''))}\n" for text, label in train)
        file.flush()
        model = library.train_supervised(
            file.name, epoch=50, lr=0.5, wordNgrams=2, dim=100, bucket=200000, thread=1, verbose=0
        )

    def answer(text: str) -> str:
        # The wrapper's own predict() does not get along with numpy 2.
        found = model.f.predict(" ".join(text.replace(" ", "")) + "\n", 1, 0.0, "strict")
        return str(found[0][1]).removeprefix("__label__") if found else ""

    yield "fastText, characters", answer


if __name__ == "__main__":
    main()
