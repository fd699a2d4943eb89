"""Odd reports, each of whose sentences an oracle judges by the raw runs.

The oracle knows nothing of how the sentences came about: what a sentence says to be
more must be more in the mean of the runs, and in nearly all means of runs drawn again
from these (bootstrap).  The rest are sentences that may not stand together, and how one
writes.
"""

import itertools
import re
from collections import Counter

import numpy as np
import pytest

from mlp.hyperparameters import Hyperparameters
from tests.tools import odd_reports

NUM = r"\\num\{([^{}]*)\}"
PERCENT = r"\\qty\{([^{}]*)\}\{\\percent\}"


class Oracle:
    """Judges the sentences of one report; ``untrue`` lists those that may not stand."""

    def __init__(self, report):
        self.report, self.text, self.untrue = report, report.text, []
        self.base = Hyperparameters(**report.config["hyperparameters"])
        self.last = {run: rows.iloc[-1] for run, rows in report.runs.items()}
        self.rng = np.random.default_rng(0)

    def by_seed(self, setting, column):
        return {s: r[column] for (c, s), r in self.last.items() if c == setting}

    def diverged(self, setting):
        before = self.by_seed(setting, "initial_train_loss")
        return sum(
            not loss <= 1.1 * before[seed]
            for seed, loss in self.by_seed(setting, "train_loss").items()
        )

    def settings(self, *free):
        """The settings without a diverged run that differ at most in what is named."""
        kept = [n for n in Hyperparameters._fields if n not in free]
        return [
            setting
            for setting in dict.fromkeys(setting for setting, _ in self.last)
            if all(getattr(setting, n) == getattr(self.base, n) for n in kept)
            and not self.diverged(setting)
        ]

    def accuracy(self, setting):
        return float(np.mean([*self.by_seed(setting, "validation_accuracy").values()]))

    def claim(self, sentence, true):
        if not true:
            self.untrue.append(sentence)

    def more(self, sentence, first, second):
        """The first are more than the second, by seed, in the mean and drawn again."""
        seeds = sorted(first.keys() & second.keys())
        if len(seeds) > 1:
            pairs = np.array([first[s] - second[s] for s in seeds])
            drawn = self.rng.choice(pairs, (500, len(pairs))).mean(axis=1)
            mean = pairs.mean()
        else:
            a, b = (np.array([*side.values()]) for side in (first, second))
            drawn = self.rng.choice(a, (500, len(a))).mean(axis=1)
            drawn = drawn - self.rng.choice(b, (500, len(b))).mean(axis=1)
            mean = a.mean() - b.mean()
        self.claim(sentence, mean > 0 and np.quantile(drawn, 0.05) > 0)

    def says(self, pattern):
        """The numbers in a sentence, if the report has it."""
        found = re.search(pattern, self.text)
        return found and [float(group) for group in found.groups()]

    def judge(self):
        self.rates()
        self.losses()
        self.others()
        self.final()
        self.writing()
        return self.untrue

    def rates(self):
        tried = self.report.config["learning_rate_sweep"]["learning_rates"]
        of = {s.learning_rate: s for s in self.settings("learning_rate")}
        of = {rate: of[rate] for rate in tried if rate in of}
        if not of:
            return self.claim(
                "all diverge", self.says("which leaves none to compare") is not None
            )
        said = self.says(
            rf"highest mean validation accuracy, {PERCENT}, is that of {NUM}"
        )
        highest = max(map(self.accuracy, of.values()))
        best = of.get(said[1]) if said else None
        self.claim("best rate", best and abs(self.accuracy(best) - highest) < 1e-12)
        if not best:
            return None
        self.claim("its accuracy", abs(said[0] - 100 * highest) < 0.006)
        right = self.by_seed(best, "validation_accuracy")
        low, high = of[min(of)], of[max(of)]
        if said := self.says(rf"It is better than the next, {NUM} \("):
            following = of[said[0]]
            self.more(
                "next rate", right, self.by_seed(following, "validation_accuracy")
            )
            rest = [self.accuracy(s) for s in of.values() if s not in (best, following)]
            self.claim("next rate", all(self.accuracy(following) >= a for a in rest))
        ties = {r for r, s in of.items() if abs(self.accuracy(s) - highest) < 1e-12}
        said = re.search(rf"It is reached with ((?:{NUM}| and )+) as well;", self.text)
        named = set(map(float, re.findall(NUM, said[1]))) if said else set()
        self.claim("a tie", named | {best.learning_rate} == ties)
        if "The lowest rate is worse" in self.text:
            self.more("lowest rate", right, self.by_seed(low, "validation_accuracy"))
        if "since its steps are too short" in self.text:
            loss = (self.by_seed(s, "train_loss") for s in (low, best))
            self.more("lowest rate's loss", *loss)
        if "The highest rate is worse" in self.text:
            self.more("highest rate", right, self.by_seed(high, "validation_accuracy"))
        for sentence, sides in {
            "The highest rate leaves more hidden": (high, best),
            "The highest rate leaves fewer hidden": (best, high),
        }.items():
            if sentence in self.text:
                self.more(sentence, *(self.by_seed(s, "saturated") for s in sides))
        highest_tried = self.base._replace(learning_rate=max(tried))
        said = self.says(rf"At the highest rate {NUM} of {NUM} runs diverged")
        self.claim(
            "highest rate diverges", bool(said) == bool(self.diverged(highest_tried))
        )
        self.claim("so many", not said or said[0] == self.diverged(highest_tried))
        if "The best rate is at the edge of the range" in self.text:
            self.claim("edge", best.learning_rate in (min(tried), max(tried)))
            self.claim("beyond the edge", highest < 1)
        if "has worse ones on either side" in self.text:
            self.claim("inside", min(tried) < best.learning_rate < max(tried))
        if said := self.says(rf"lowest mean training loss is another, {NUM}"):
            fitting = of[said[0]]
            loss = (self.by_seed(s, "validation_loss") for s in (fitting, best))
            self.more("fits better, generalizes worse", *loss)
            means = {
                rate: np.mean([*self.by_seed(s, "train_loss").values()])
                for rate, s in of.items()
            }
            self.claim("lowest training loss", means[said[0]] == min(means.values()))
        if "to them, those are the easier ones" in self.text:
            loss = (self.by_seed(low, f"{n}_loss") for n in ("train", "validation"))
            self.more("easier images", *loss)
        return None

    def losses(self):
        rows = {s: r for (c, s), r in self.report.runs.items() if c == self.base}
        first, last = (
            {
                name: {s: r[f"{name}_loss"].iloc[i] for s, r in rows.items()}
                for name in ("train", "validation")
            }
            for i in (0, -1)
        )
        gap = [
            {s: e["validation"][s] - e["train"][s] for s in rows} for e in (first, last)
        ]
        nothing = dict.fromkeys(rows, 0.0)
        down = [{s: -v for s, v in each.items()} for each in gap]
        for sentence, sides in {
            "This is the generalization gap": (gap[1], nothing),
            r"last epoch the validation loss is \emph{lower}": (down[1], nothing),
            "difference is larger than after the first epoch (": (gap[1], gap[0]),
            "difference is smaller than after the first epoch (": (gap[0], gap[1]),
        }.items():
            if sentence in self.text:
                self.more(sentence, *sides)
        if "learns more and more about its training set only" in self.text:
            self.more("learns about its training set", gap[1], nothing)
        self.schedules(rows)
        losses = {s: r.attrs["losses"] for s, r in rows.items()}
        if "meets images again" in self.text:
            k = len(losses[min(losses)][0]) // 10
            fall = {s: b[:-1, -2 * k : -k] - b[:-1, -k:] for s, b in losses.items()}
            drop = {s: b[:-1, -k:] - b[1:, :k] for s, b in losses.items()}
            sides = ({s: a.mean() for s, a in each.items()} for each in (drop, fall))
            self.more("images met again", *sides)
        for word, sign in (("more", 1), ("less", -1)):
            pattern = rf"batch losses of the last steps vary {word} than"
            if re.search(pattern, self.text):
                late = (b.ravel()[-max(b.size // 10, 2) :] for b in losses.values())
                noise = np.mean([np.log(each.std()) for each in late])
                spread = np.log(np.std([*last["train"].values()]))
                self.claim(pattern, sign * noise > sign * spread)
        epochs = len(next(iter(rows.values())))
        by_epoch = [
            {s: r["validation_loss"].iloc[i] for s, r in rows.items()}
            for i in range(epochs)
        ]
        if said := self.says(rf"was lower after an earlier epoch, {NUM}"):
            self.more("overfitting", by_epoch[-1], by_epoch[int(said[0]) - 1])
        if "The validation loss is lowest at the end" in self.text:
            for earlier in by_epoch[:-1]:
                self.more("no overfitting", earlier, by_epoch[-1])
        running = {s: r["running_train_loss"].mean() for s, r in rows.items()}
        after = {s: r["train_loss"].mean() for s, r in rows.items()}
        if "The running mean lies above" in self.text:
            self.more("running mean above", running, after)
        if "had seen less, but lies below" in self.text:
            self.more("running mean below", after, running)
        for words, count in {
            rf"Runs that diverged, whose [^:]*: {NUM} of {NUM}": self.diverged(
                self.base
            ),
            rf"Runs that have hardly learned [^:]*: {NUM} of {NUM}": sum(
                0.9 < last["train"][s] / r["initial_train_loss"].iloc[0] <= 1.1
                for s, r in rows.items()
            ),
        }.items():
            said = self.says(words)
            self.claim(words, (said[0] if said else 0) == count)
        for words, sides in {"It falls (": (0, -1), "It rises (": (-1, 0)}.items():
            if words in self.text:
                spread = [
                    np.std([r["train_loss"].iloc[i] for r in rows.values()])
                    for i in sides
                ]
                self.claim(words, spread[0] > spread[1] and len(rows) > 2)
        if "each batch is a few other images" in self.text:
            size = self.report.config["dataset"]["files"]["train_labels"]["bytes"] - 8
            size -= self.report.config["dataset"]["validation_size"]
            self.claim("other images", self.base.batch_size < size)

    def schedules(self, rows):
        """What is said of the schedule, and that it is one: in more than a step."""
        size = len(next(iter(rows.values())))
        labels = self.report.config["dataset"]["files"]["train_labels"]["bytes"] - 8
        images = labels - self.report.config["dataset"]["validation_size"]
        steps = -(-images // self.base.batch_size) * size
        for sentence in ("A rate that falls towards 0", "part of the schedule in it"):
            self.claim(sentence, sentence not in self.text or steps > 1)
        other = {"linear": "constant", "constant": "linear"}[self.base.schedule]
        settings = self.base, self.base._replace(schedule=other)
        for word, sign in (("better", 1), ("worse", -1)):
            if f"schedule chosen there is the {word} one" in self.text:
                sides = (
                    self.by_seed(s, "validation_accuracy") for s in settings[::sign]
                )
                self.more(f"the {word} schedule", *sides)
        for word, sign in (("larger", -1), ("smaller", 1)):
            if f"ends with a {word} standard deviation than the" in self.text:
                mine, control = (
                    np.std([*self.by_seed(s, "train_loss").values()])
                    for s in settings[::sign]
                )
                self.claim(f"{word} standard deviation", mine > control)

    def others(self):
        pattern = (
            rf"at batch size {NUM}, where the best rate, {NUM}, is the (\w+) tried"
        )
        for size, rate, edge in re.findall(pattern, self.text):
            same = self.base._replace(batch_size=int(size))
            tried = {
                s.learning_rate
                for s, _ in self.last
                if s == same._replace(learning_rate=s.learning_rate)
            }
            extreme = {"lowest": min, "highest": max}[edge](tried)
            self.claim(f"open at batch size {size}", float(rate) == extreme)
            accuracy = {
                s.learning_rate: self.accuracy(s)
                for s in self.settings("learning_rate", "batch_size")
                if s.batch_size == int(size)
            }
            best = max(accuracy.values())
            self.claim("best there", best - accuracy[float(rate)] < 1e-12 < 1 - best)
        for name in ("tanh", "relu", "sigmoid"):
            for word, sign in (("better", 1), ("worse", -1)):
                pattern = rf"network with {name} is {word} than that with (\w+)"
                if found := re.search(pattern, self.text):
                    tried = self.settings("activation", "learning_rate")
                    pair = [
                        max(
                            (s for s in tried if s.activation == each),
                            key=self.accuracy,
                        )
                        for each in (name, found[1])
                    ]
                    sides = (
                        self.by_seed(s, "validation_accuracy") for s in pair[::sign]
                    )
                    self.more(pattern, *sides)
        for word in ("better", "worse"):
            pattern = rf"{NUM} hidden units? validates? {word} than {NUM}"
            if said := self.says(pattern):
                tried = self.settings("learning_rate", "batch_size", "hidden_size")
                best = [
                    max(self.accuracy(s) for s in tried if s.hidden_size == hidden)
                    for hidden in said
                ]
                self.claim(pattern, (best[0] > best[1]) == (word == "better"))
        for word in ("higher", "lower"):
            pattern = rf"best rate of batch size {NUM} is {word} than that of {NUM}"
            if said := self.says(pattern):
                rate = [self.best_rates(size) for size in said]
                above = max(rate[0]) > min(rate[1])
                below = min(rate[0]) < max(rate[1])
                self.claim(pattern, above if word == "higher" else below)

    def best_rates(self, size):
        """The rates of a batch size with which some seed validates best."""
        tried = self.settings("learning_rate", "batch_size")
        of = [
            (s.learning_rate, self.by_seed(s, "validation_accuracy"))
            for s in tried
            if s.batch_size == size
        ]
        return {
            rate
            for rate, accuracy in of
            for seed in accuracy
            if accuracy[seed] == max(other[seed] for _, other in of)
        }

    def final(self):
        said = self.says(rf"has the highest mean validation accuracy, {PERCENT} \(s")
        names = Hyperparameters._fields
        cells = re.search(r"of \\cref\{q5\} & (.*?)\\\\", self.text)[1]
        texts = re.sub(r"\\num\{([^}]*)\}|\\", r"\1", cells).split(" & ")
        chosen = Hyperparameters.from_texts(dict(zip(names, texts, strict=True)))
        free = [n for n in names if n not in ("hidden_size", "activation")]
        rivals = {s: self.accuracy(s) for s in self.settings(*free)}
        highest = max(rivals.values())
        self.claim("choice", said and abs(said[0] - 100 * highest) < 0.006)
        best = [s for s, each in rivals.items() if highest - each < 1e-12]
        self.claim("choice", chosen in best)
        if "At least one other setting has the same" in self.text:
            self.claim("another choice", len(best) > 1)
        if "at the edge of those tried, so one beyond" in self.text:
            self.claim("beyond the choice", highest < 1)
        if "It is better than the next (" in self.text:
            self.claim("clear choice", len(best) == 1)
            for other in rivals.keys() - best:
                sides = (
                    self.by_seed(s, "validation_accuracy") for s in (best[0], other)
                )
                self.more("clear choice", *sides)
        rows = self.report.tested
        rows = rows[rows["choice"] == "as_assigned"].set_index("seed")
        test, training = (rows[f"{n}_accuracy"].to_dict() for n in ("test", "train"))
        validation = {
            seed + 1000: np.mean(a)  # of other networks: no pairs
            for seed, a in self.by_seed(
                Hyperparameters(*rows.iloc[0][[*Hyperparameters._fields]]),
                "validation_accuracy",
            ).items()
        }
        for sentence, sides in {
            "That is above the validation accuracy": (test, validation),
            "That is below the validation accuracy": (validation, test),
            "On its own training set the network does better": (training, test),
            "On its own training set the network does worse": (test, training),
        }.items():
            if sentence in self.text:
                self.more(sentence, *sides)
        wrong = Counter(itertools.chain(*self.report.wrong.values()))
        most = sum(2 * count > len(self.report.wrong) for count in wrong.values())
        said = self.says(
            rf"test accuracy is {PERCENT} .*? test images: {PERCENT} to {PERCENT}\)"
        )
        mean, low, high = said or (0, 0, 0)
        self.claim("interval", low < high and low <= mean <= high)
        pairs = Counter(p for each in self.report.wrong.values() for p in each.values())
        said = self.says(
            rf"none more often than class (\d+) for class (\d+) \({NUM} times per run"
        )
        if said:
            count = pairs[int(said[0]), int(said[1])]
            self.claim("no mistake more often", count == max(pairs.values()))
            mean = count / len(self.report.wrong)
            self.claim("so often", abs(mean - said[2]) <= 0.051)
        said = self.says(rf"wrong in more than half of the networks: {NUM}")
        self.claim("most networks", (said[0] if said else 0) == most)
        self.claim("no mistake", ("No network gets any" in self.text) == (not wrong))

    def writing(self):
        """What holds for each report, whatever its numbers."""
        for pair in CONTRADICTIONS:
            if all(sentence in self.text for sentence in pair):
                self.untrue.append(f"contradiction: {pair}")
        for share in re.findall(PERCENT, self.text):
            self.claim(f"{share} per cent", 0 <= float(share) <= 100)
        for pattern in (
            r"each of the \\num\{1\}",
            r"\\num\{1\} (?:hidden |test |sigmoid )?(?:epochs|images|units|networks)\b",
            r"\\num\{1\} of [^.:]* (?:have|were)\b",
            r"\\(?:num|qty)\{[^{}]*(?:nan|inf)[^{}]*\}",
            r"\\(?:num|qty)\{-0\.?0*\}",
        ):
            self.untrue += re.findall(rf".{{0,40}}(?:{pattern}).{{0,20}}", self.text)
        for pattern in (
            r"\w\\(?:num|qty)\{",
            r"\\(?:num\{[^{}]*\}|percent\})[A-Za-z]",
            r" ,| \.(?= )|\( ",
            r"-- to --|\(--",
        ):
            prose = self.text.partition(r"\section{Investigation}")[2]
            prose = re.sub(
                r"\\begin\{(table|equation|lstlisting)\}.*?\\end\{\1\}", "", prose
            )
            self.untrue += re.findall(rf".{{0,40}}(?:{pattern}).{{0,20}}", prose)


CONTRADICTIONS = [
    ("The best rate is at the edge of the range", "has worse ones on either side"),
    ("which leaves none to compare", "The highest mean validation accuracy,"),
    ("a generalization gap is not to be seen", "so the gap of"),
    ("is overfitting", "there is no overfitting"),
    ("The highest rate is worse", "At the highest rate"),
    ("No network gets any", "none more often than"),
    ("This is the generalization gap", "validation images are easier than those"),
    ("the runs come together", "the runs move apart"),
    ("It is better than the next (", "At least one other setting has the same"),
    ("It is better than the next, ", "It is reached with"),
    ("That is below the validation accuracy", "the test images may be easier"),
    ("does better, with a mean of", "the test images are the easier ones"),
    ("No batch can be smaller", "Its batch size is at the edge"),
    ("since each batch is a few other images", "figure is disagreement"),
]


def judge(number):
    report = odd_reports.make(number)
    return [f"{report.name}: {s}" for s in Oracle(report).judge()] if report else []


@pytest.mark.parametrize("number", [*range(11), 287])
def test_no_sentence_of_an_odd_report_is_untrue(number):
    assert judge(number) == []


@pytest.mark.campaign
@pytest.mark.parametrize("start", range(100, 500, 10))
def test_no_sentence_of_hundreds_of_odd_reports_is_untrue(start):
    assert [untrue for n in range(start, start + 10) for untrue in judge(n)] == []


PLANTED = {
    "The lowest rate is worse than all": "lowest rate",
    "On its own training set the network does worse": "does worse",
    "The best rate is at the edge of the range has worse ones on either side": "contra",
    r"seen in \num{1} epochs": "epochs",
    r"\section{Investigation} an accuracy of \qty{101.00}{\percent}": "per cent",
}


@pytest.mark.parametrize("sentence", PLANTED)
def test_an_untrue_sentence_is_found(sentence):
    report = odd_reports.make(5)
    report.text += f" {sentence}"
    assert any(PLANTED[sentence] in untrue for untrue in Oracle(report).judge())
