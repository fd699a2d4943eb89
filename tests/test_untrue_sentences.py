"""Odd reports, each of whose sentences an oracle judges by the raw runs.

The oracle knows nothing of how the sentences came about: what a sentence says to be
more must be more in the mean of the runs, and in nearly all means of runs drawn again
from these (bootstrap).  The rest are sentences that may not stand together, and how one
writes.
"""

import itertools
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
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
        self.rows = {s: r for (c, s), r in report.runs.items() if c == self.base}
        self.rng = np.random.default_rng(0)
        dataset = report.config["dataset"]
        self.images = dataset["files"]["train_labels"]["bytes"] - 8
        self.images -= dataset["validation_size"]

    def by_seed(self, column, *settings):
        """A column after the last epoch: for each setting, a series by seed."""
        return [
            pd.Series({s: r[column] for (c, s), r in self.last.items() if c == setting})
            for setting in settings
        ]

    def right(self, *settings):
        return self.by_seed("validation_accuracy", *settings)

    def accuracy(self, setting):
        return float(np.mean(*self.right(setting)))

    def diverged(self, setting):
        (loss,) = self.by_seed("train_loss", setting)
        (before,) = self.by_seed("initial_train_loss", setting)
        return int((~(loss <= 1.1 * before)).sum())

    def settings(self, *free):
        """The settings without a diverged run that differ at most in what is named."""
        kept = [n for n in Hyperparameters._fields if n not in free]
        return [
            setting
            for setting in dict.fromkeys(setting for setting, _ in self.last)
            if all(getattr(setting, n) == getattr(self.base, n) for n in kept)
            and not self.diverged(setting)
        ]

    def claim(self, sentence, true):
        if not true:
            self.untrue.append(sentence)

    def more(self, sentence, first, second):
        """The first are more than the second, by seed, in the mean and drawn again."""
        pairs = (first - second)[first.index.intersection(second.index)].to_numpy()
        if len(pairs) > 1:
            drawn = self.rng.choice(pairs, (500, len(pairs))).mean(axis=1)
            mean = pairs.mean()
        else:
            a, b = (
                self.rng.choice(side, (500, len(side))).mean(axis=1)
                for side in (first, second)
            )
            drawn, mean = a - b, first.mean() - second.mean()
        self.claim(sentence, mean > 0 and np.quantile(drawn, 0.05) > 0)

    def more_if_said(self, sentence, first, second):
        """If the report has a sentence, the first are more than the second."""
        if sentence in self.text:
            self.more(sentence, first, second)

    def says(self, pattern):
        """The numbers in a sentence, if the report has it."""
        found = re.search(pattern, self.text)
        return found and [float(group) for group in found.groups()]

    def judge(self):
        self.rates()
        self.losses()
        self.schedules()
        self.others()
        self.final()
        self.writing()
        return self.untrue

    def rates(self):
        tried = self.report.config["learning_rate_sweep"]["learning_rates"]
        of = {s.learning_rate: s for s in self.settings("learning_rate")}
        of = {rate: of[rate] for rate in tried if rate in of}
        if not of:
            none_is_left = self.says("which leaves none to compare") is not None
            return self.claim("all diverge", none_is_left)
        said = self.says(
            rf"highest mean validation accuracy, {PERCENT}, is that of {NUM}"
        )
        highest = max(map(self.accuracy, of.values()))
        best = of.get(said[1]) if said else None
        self.claim("best rate", best and abs(self.accuracy(best) - highest) < 1e-12)
        if not best:
            return None
        self.claim("its accuracy", abs(said[0] - 100 * highest) < 0.006)
        low, high = of[min(of)], of[max(of)]
        if said := self.says(rf"It is better than the next, {NUM} \("):
            following = of[said[0]]
            self.more("next rate", *self.right(best, following))
            rest = [self.accuracy(s) for s in of.values() if s not in (best, following)]
            self.claim("next rate", all(self.accuracy(following) >= a for a in rest))
        ties = {r for r, s in of.items() if abs(self.accuracy(s) - highest) < 1e-12}
        said = re.search(rf"It is reached with ((?:{NUM}| and )+) as well;", self.text)
        named = set(map(float, re.findall(NUM, said[1]))) if said else set()
        self.claim("a tie", named | {best.learning_rate} == ties)
        train, validation = (
            self.by_seed(f"{part}_loss", low, best) for part in ("train", "validation")
        )
        self.more_if_said("The lowest rate is worse", *self.right(best, low))
        self.more_if_said("since its steps are too short", *train)
        easier = "to them, those are the easier ones"
        self.more_if_said(easier, train[0], validation[0])
        self.more_if_said("The highest rate is worse", *self.right(best, high))
        if said := self.says(rf"A rate of {NUM} leaves more [^:]*: {PERCENT} of"):
            saturated = self.by_seed("saturated", of[said[0]], best)
            self.more("more saturated", *saturated)
            self.claim("so many", abs(100 * saturated[0].mean() - said[1]) < 0.051)
        if said := self.says(rf"A rate of {NUM} leaves fewer hidden"):
            saturated = self.by_seed("saturated", best, of[said[0]])
            self.more("fewer saturated", *saturated)
        highest_tried = self.base._replace(learning_rate=max(tried))
        said = self.says(rf"At the highest rate {NUM} of {NUM} runs diverged")
        diverged = self.diverged(highest_tried)
        self.claim("highest rate diverges", (said[0] if said else 0) == diverged)
        if "The best rate is at the edge of the range" in self.text:
            self.claim("edge", best.learning_rate in (min(tried), max(tried)))
            self.claim("beyond the edge", highest < 1)
        if "has worse ones on either side" in self.text:
            self.claim("inside", min(tried) < best.learning_rate < max(tried))
        if said := self.says(rf"lowest mean training loss is another, {NUM}"):
            fitting = of[said[0]]
            loss = self.by_seed("validation_loss", fitting, best)
            self.more("fits better, generalizes worse", *loss)
            losses = self.by_seed("train_loss", *of.values())
            means = {s: each.mean() for s, each in zip(of.values(), losses)}
            self.claim("lowest training loss", means[fitting] == min(means.values()))
        return None

    def losses(self):
        def at(epoch, column):
            return pd.Series({s: r[column].iloc[epoch] for s, r in self.rows.items()})

        gap = [
            at(epoch, "validation_loss") - at(epoch, "train_loss") for epoch in (0, -1)
        ]
        last = gap[1], 0 * gap[1]
        self.more_if_said("This is the generalization gap", *last)
        lower = r"last epoch the validation loss is \emph{lower}"
        self.more_if_said(lower, -gap[1], 0 * gap[1])
        larger = "difference is larger than after the first epoch ("
        self.more_if_said(larger, *gap[::-1])
        self.more_if_said(larger.replace("larger", "smaller"), *gap)
        self.more_if_said("has learned since holds for its training set only", *last)
        losses = {s: r.attrs["losses"] for s, r in self.rows.items()}
        if "meets images again" in self.text:
            k = len(losses[min(losses)][0]) // 10
            before, end, start = (
                pd.Series({s: b[epochs, steps].mean() for s, b in losses.items()})
                for epochs, steps in (
                    (slice(-1), slice(-2 * k, -k)),
                    (slice(-1), slice(-k, None)),
                    (slice(1, None), slice(k)),
                )
            )
            self.more("images met again", end - start, before - end)
        for word, sign in (("more", 1), ("less", -1)):
            pattern = rf"batch losses of the last steps vary {word} than"
            if re.search(pattern, self.text):
                late = (b.ravel()[-max(b.size // 10, 2) :] for b in losses.values())
                noise = np.mean([np.log(each.std()) for each in late])
                spread = np.log(at(-1, "train_loss").std(ddof=0))
                self.claim(pattern, sign * noise > sign * spread)
        epochs = len(next(iter(self.rows.values())))
        by_epoch = [at(epoch, "validation_loss") for epoch in range(epochs)]
        if said := self.says(rf"was lower after an earlier epoch, {NUM}"):
            self.more("overfitting", by_epoch[-1], by_epoch[int(said[0]) - 1])
        if "The validation loss is lowest at the end" in self.text:
            for earlier in by_epoch[:-1]:
                self.more("no overfitting", earlier, by_epoch[-1])
        running, after = (
            pd.Series({s: r[column].mean() for s, r in self.rows.items()})
            for column in ("running_train_loss", "train_loss")
        )
        self.more_if_said("The running mean lies above", running, after)
        self.more_if_said("had seen less, but lies below", after, running)
        left = at(-1, "train_loss") / at(-1, "initial_train_loss")
        for words, count in {
            "diverged, whose": self.diverged(self.base),
            "have hardly learned": ((left > 0.9) & (left <= 1.1)).sum(),
        }.items():
            said = self.says(rf"Runs that {words} [^:]*: {NUM} of {NUM}")
            self.claim(words, (said[0] if said else 0) == count)
        spread = [at(epoch, "train_loss").std(ddof=0) for epoch in (0, -1)]
        for words, (more, less) in {
            "It falls (": spread,
            "It rises (": spread[::-1],
        }.items():
            if words in self.text:
                self.claim(words, more > less and len(self.rows) > 2)
        if "each batch is a few other images" in self.text:
            self.claim("other images", self.base.batch_size < self.images)

    def schedules(self):
        """What is said of the schedule, and that it is one: in more than a step."""
        epochs = len(next(iter(self.rows.values())))
        steps = -(-self.images // self.base.batch_size) * epochs
        for sentence in ("A rate that falls towards 0", "part of the schedule in it"):
            self.claim(sentence, sentence not in self.text or steps > 1)
        other = {"linear": "constant", "constant": "linear"}[self.base.schedule]
        settings = self.base, self.base._replace(schedule=other)
        right = self.right(*settings)
        self.more_if_said("schedule chosen there is the better one", *right)
        self.more_if_said("schedule chosen there is the worse one", *right[::-1])
        mine, control = (s.std(ddof=0) for s in self.by_seed("train_loss", *settings))
        for word, true in (("larger", control > mine), ("smaller", mine > control)):
            words = f"ends with a {word} standard deviation than the"
            self.claim(words, words not in self.text or true)

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
        pattern = (
            r"network with (tanh|relu|sigmoid) is (better|worse) than that with (\w+)"
        )
        tried = self.settings("activation", "learning_rate")
        for name, word, other in set(re.findall(pattern, self.text)):
            pair = [
                max((s for s in tried if s.activation == each), key=self.accuracy)
                for each in ((name, other) if word == "better" else (other, name))
            ]
            self.more(f"{name} is {word} than {other}", *self.right(*pair))
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
        tried = [s for s in tried if s.batch_size == size]
        right = pd.DataFrame(self.right(*tried), [s.learning_rate for s in tried])
        return set(right.index[(right == right.max()).any(axis=1)])

    def final(self):
        said = self.says(rf"has the highest mean validation accuracy, {PERCENT} \(s")
        names = Hyperparameters._fields
        cells = re.search(r"of \\cref\{q5\} & (.*?)\\\\", self.text)[1]
        texts = re.sub(r"\\num\{([^}]*)\}|\\", r"\1", cells).split(" & ")
        chosen = Hyperparameters.from_texts(dict(zip(names, texts, strict=True)))
        trained = self.says(rf"Trained for {NUM} epochs? with")
        self.claim("epochs of the abstract", trained == [chosen.epochs])
        free = [n for n in names if n not in ("hidden_size", "activation")]
        rivals = {s: self.accuracy(s) for s in self.settings(*free)}
        highest = max(rivals.values())
        self.claim("choice", said and abs(said[0] - 100 * highest) < 0.006)
        best = [s for s, each in rivals.items() if highest - each < 1e-12]
        self.claim("choice", chosen in best)
        if "At least one other setting has the same" in self.text:
            self.claim("another choice", len(best) > 1)
        if "It is better than the next (" in self.text:
            self.claim("clear choice", len(best) == 1)
            for other in rivals.keys() - best:
                self.more("clear choice", *self.right(best[0], other))
        rows = self.report.tested
        rows = rows[rows["choice"] == "as_assigned"].set_index("seed")
        test, training = rows["test_accuracy"], rows["train_accuracy"]
        (validation,) = self.right(Hyperparameters(*rows.iloc[0][[*names]]))
        validation.index += 1000  # of other networks: no pairs
        self.more_if_said("That is above the validation accuracy", test, validation)
        self.more_if_said("That is below the validation accuracy", validation, test)
        own = "On its own training set the network does"
        self.more_if_said(f"{own} better", training, test)
        self.more_if_said(f"{own} worse", test, training)
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
    ("A batch holds the whole training set", "ithin one run"),
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


def test_an_untrue_sentence_is_found():
    report = odd_reports.make(5)
    for sentence, told in PLANTED.items():
        planted = replace(report, text=f"{report.text} {sentence}")
        assert any(told in untrue for untrue in Oracle(planted).judge()), sentence
