"""The mathematics of the report: each labelled equation, checked by SymPy.

A check belongs to an equation by its label, and names the part of its LaTeX that it
checks, so that neither a new equation nor another formula goes unchecked.
"""

import itertools
import re

import pytest
import sympy as sp

from tests.tools.project import PROJECT

EQUATIONS = {
    label: body
    for path in sorted((PROJECT / "templates").glob("question*.tex"))
    for environment in re.findall(
        r"\\begin\{(?:equation|gather)\}(.*?)\\end\{(?:equation|gather)\}",
        path.read_text(),
        re.DOTALL,
    )
    for body, label in (
        (environment if environment.count(r"\label") == 1 else part, label)
        for part in re.split(r"(?<=\})\\\\\n", environment)
        for label in re.findall(r"\\label\{(.*?)\}", part)
    )
}
CHECKS = {}


def check(label, *formulas):
    """Let a function check formulas: what it yields together must be equal."""
    return lambda function: CHECKS.update({label: (formulas, function)})


def equal(first, *others):
    """Compare expressions; matrices at a point, to 30 digits."""
    for other in others:
        if isinstance(first, sp.MatrixBase):
            difference = (first - sp.Matrix(other)).subs(POINT)
            if any(abs(sp.N(value, 40)) >= 1e-30 for value in difference):
                return False
        elif sp.simplify(first - other) != 0:
            return False
    return True


C = 3  # classes: one that is the target, one that is i, one that is neither
o = sp.symbols("o1:4", real=True)
e = [sp.exp(o_i) for o_i in o]
Z = sum(e)
y = [e_i / Z for e_i in e]
Y = sp.symbols("y1:4", positive=True)
PAIRS = [*itertools.product(range(C), repeat=2)]


def delta(i, j):
    return int(i == j)


@check("eq:softmax", r"\frac{\exp o_i}{\sum_m \exp o_m}", r"l = -\log y_t")
def _():
    yield sum(y), 1
    shift = {o_j: o_j - o[0] for o_j in o}
    yield from ((y_i, y_i.subs(shift, simultaneous=True)) for y_i in y)


def term(m, t):
    return -sp.log(Y[m]) if m == t else sp.Integer(0)


@check(
    "eq:loss", r"l = \sum_m l_m", r"-\log y_m & \text{if } m = t", r"0 & \text{other"
)
def _():
    for t in range(C):
        yield sum(term(m, t) for m in range(C)), -sp.log(Y[t])


@check(
    "eq:loss-by-output",
    r"\pd{l}{y_i} = \sum_m \pd{l_m}{y_i} = \pd{l_i}{y_i}",
    r"-\dfrac{1}{y_i} & \text{if } i = t",
    r"0 & \text{otherwise}",
    r"-\frac{\delta_{it}}{y_i}",
)
def _():
    for i, t in PAIRS:
        by_output = sp.diff(-sp.log(Y[t]), Y[i])
        yield by_output, sum(sp.diff(term(m, t), Y[i]) for m in range(C))
        yield by_output, sp.diff(term(i, t), Y[i]), -delta(i, t) / Y[i]
        yield by_output, -1 / Y[i] if i == t else 0


@check("eq:softmax-quotient", r"y_i = \frac{e_i}{Z}", r"Z = \sum_m e_m")
def _():
    yield from ((y[i], sp.exp(o[i]) / sum(map(sp.exp, o))) for i in range(C))


# the quotient as a function of exponentials that are variables of their own
E = sp.symbols("e1:4", positive=True)
by_e = sp.Matrix(C, C, lambda i, m: sp.diff(E[i] / sum(E), E[m]).subs(dict(zip(E, e))))


@check(
    "eq:softmax-parts",
    r"\pd{y_i}{e_m} = \frac{\delta_{im}\,Z - e_i}{Z^2}",
    r"\pd{e_m}{o_j} = \delta_{mj}\,e_m",
)
def _():
    for i, m in PAIRS:
        yield by_e[i, m], (delta(i, m) * Z - e[i]) / Z**2
        yield sp.diff(e[m], o[i]), delta(m, i) * e[m]


@check(
    "eq:softmax-chain",
    r"\sum_m \pd{y_i}{e_m}\,\pd{e_m}{o_j} = \pd{y_i}{e_j}\,e_j",
    r"\frac{(\delta_{ij}\,Z - e_i)\,e_j}{Z^2}",
)
def _():
    for i, j in PAIRS:
        chain = sum(by_e[i, m] * sp.diff(e[m], o[j]) for m in range(C))
        yield sp.diff(y[i], o[j]), chain, by_e[i, j] * e[j]
        yield chain, (delta(i, j) * Z - e[i]) * e[j] / Z**2


@check(
    "eq:softmax-same",
    r"\frac{(Z - e_i)\,e_i}{Z^2}",
    r"\frac{e_i}{Z}\cdot\frac{Z - e_i}{Z}",
    r"y_i\,(1 - y_i)",
)
def _():
    for i in range(C):
        yield sp.diff(y[i], o[i]), (Z - e[i]) * e[i] / Z**2
        yield sp.diff(y[i], o[i]), e[i] / Z * (Z - e[i]) / Z, y[i] * (1 - y[i])


@check(
    "eq:softmax-different",
    r"\frac{(0 - e_i)\,e_j}{Z^2}",
    r"-\frac{e_i}{Z}\cdot\frac{e_j}{Z}",
    r"-y_i\,y_j",
)
def _():
    for i, j in itertools.permutations(range(C), 2):
        yield sp.diff(y[i], o[j]), (0 - e[i]) * e[j] / Z**2
        yield sp.diff(y[i], o[j]), -e[i] / Z * e[j] / Z, -y[i] * y[j]


@check("eq:softmax-derivative", r"y_i\,(\delta_{ij} - y_j)")
def _():
    yield from ((sp.diff(y[i], o[j]), y[i] * (delta(i, j) - y[j])) for i, j in PAIRS)


@check(
    "eq:loss-by-logit",
    r"\sum_m \pd{l}{y_m}\,\pd{y_m}{o_j}",
    r"\pd{l}{y_t}\,\pd{y_t}{o_j}",
    r"y_t\,(\delta_{tj} - y_j)",
    r"y_j - \delta_{tj}",
    r"y_j - 1 & \text{if } j = t",
)
def _():
    for j, t in PAIRS:
        by_logit = sp.diff(-sp.log(y[t]), o[j])
        terms = ((-1 / y[m] if m == t else 0) * sp.diff(y[m], o[j]) for m in range(C))
        yield by_logit, sum(terms), -1 / y[t] * y[t] * (delta(t, j) - y[j])
        yield by_logit, y[j] - 1 if j == t else y[j]


@check(
    "eq:logits-sum", r"\sum_m \pd{l}{o_m} = \sum_m y_m - \sum_m \delta_{tm} = 1 - 1 = 0"
)
def _():
    for t in range(C):
        yield sum(y), sum(delta(t, m) for m in range(C)), 1
        yield sum(sp.diff(-sp.log(y[t]), o_m) for o_m in o), 0


# A network with 2 inputs, 2 hidden units and 2 classes, for a batch of 2 instances.
N = I = H = O = 2  # noqa: E741
x = sp.Matrix(N, I, sp.symbols("x:4", real=True))
W = sp.Matrix(I, H, sp.symbols("W:4", real=True))
b = sp.Matrix(1, H, sp.symbols("b:2", real=True))
V = sp.Matrix(H, O, sp.symbols("V:4", real=True))
c = sp.Matrix(1, O, sp.symbols("c:2", real=True))
T = [0, 1]  # the targets of the instances
ONES = sp.ones(N, 1)


def sigma(k):
    return 1 / (1 + sp.exp(-k))


K_ = x * W + ONES * b
H_ = K_.applyfunc(sigma)
O_ = H_ * V + ONES * c
Y_ = sp.Matrix(N, O, lambda n, j: sp.exp(O_[n, j]) / sum(map(sp.exp, O_[n, :])))
losses = [-sp.log(Y_[n, T[n]]) for n in range(N)]
L = sum(losses) / N
POINT = {
    variable: sp.Rational((7 * i) % 23 - 11, 9)
    for i, variable in enumerate([*x, *W, *b, *V, *c])
}


def gradient(loss, variable):
    return sp.Matrix(*variable.shape, lambda i, j: sp.diff(loss, variable[i, j]))


d_out = (Y_ - sp.Matrix(N, O, lambda n, j: delta(j, T[n]))) / N
d_hid = d_out * V.T
d_pre = d_hid.multiply_elementwise(H_).multiply_elementwise(
    H_.applyfunc(lambda h: 1 - h)
)


@check(
    "eq:modules",
    r"\sum_m x_m W_{mj} + b_j",
    r"\frac{1}{1 + \exp(-k_j)}",
    r"\sum_m h_m V_{mj} + c_j",
)
def _():
    k = [sum(x[0, i] * W[i, j] for i in range(I)) + b[j] for j in range(H)]
    h = [1 / (1 + sp.exp(-k_j)) for k_j in k]
    yield (O_[0, :], [[sum(h[i] * V[i, j] for i in range(H)) + c[j] for j in range(O)]])


@check(
    "eq:linear",
    r"\pd{o_j}{V_{im}} &= \delta_{jm}\,h_i",
    r"\pd{o_j}{c_m} &= \delta_{jm}",
    r"\pd{o_j}{h_i} &= V_{ij}",
    r"\pd{k_j}{W_{im}} &= \delta_{jm}\,x_i",
    r"\pd{k_j}{b_m} &= \delta_{jm}",
    r"\pd{k_j}{x_i} &= W_{ij}",
)
def _():
    h = sp.symbols("h:2")
    out = [sum(h[i] * V[i, j] for i in range(H)) + c[j] for j in range(O)]
    k = K_[0, :]
    for i, j, m in itertools.product(range(2), repeat=3):
        yield sp.diff(out[j], V[i, m]), delta(j, m) * h[i]
        yield sp.diff(out[j], c[m]), sp.diff(k[j], b[m]), delta(j, m)
        yield sp.diff(out[j], h[i]), V[i, j]
        yield sp.diff(k[j], W[i, m]), delta(j, m) * x[0, i]
        yield sp.diff(k[j], x[0, i]), W[i, j]


k = sp.symbols("k", real=True)


@check(
    "eq:sigmoid",
    r"\frac{-1}{(1 + s)^2}\cdot(-s)",
    r"\frac{1}{1 + s}\cdot\frac{s}{1 + s} = h_j\,(1 - h_j)",
)
def _():
    s = sp.exp(-k)
    yield sp.diff(sigma(k), k), -1 / (1 + s) ** 2 * -s
    yield sp.diff(sigma(k), k), 1 / (1 + s) * s / (1 + s), sigma(k) * (1 - sigma(k))


@check(
    "eq:tanh",
    r"\tanh k = \frac{\exp k - \exp(-k)}{\exp k + \exp(-k)}",
    r"1 - \left(\frac{\exp k - \exp(-k)}{\exp k + \exp(-k)}\right)^{\!2} = 1 - h^2",
)
def _():
    h = (sp.exp(k) - sp.exp(-k)) / (sp.exp(k) + sp.exp(-k))
    yield sp.tanh(k).rewrite(sp.exp), h
    yield sp.diff(h, k), 1 - h**2


@check("eq:relu", r"h = \max(0, k)", r"1 & \text{if } h > 0", r"0 & \text{otherwise.}")
def _():
    slope = sp.diff(sp.Max(0, k), k)
    yield from ((slope.subs(k, at), int(max(0, at) > 0)) for at in (-2, -1, 1, 2))


# of the first instance alone
do, dh, dk = N * d_out[0, :], N * d_hid[0, :], N * d_pre[0, :]


@check(
    "eq:backward-output",
    r"\pd{l}{V_{ij}} = h_i\,\pd{l}{o_j}",
    r"\pd{l}{c_j} = \pd{l}{o_j}",
    r"\pd{l}{h_i} = \sum_m V_{im}\,\pd{l}{o_m}",
)
def _():
    h = sp.Matrix(1, H, sp.symbols("h:2", real=True))
    out = h * V + c
    loss = -sp.log(sp.exp(out[T[0]]) / sum(map(sp.exp, out)))
    by_h = gradient(loss, h).subs(dict(zip(h, H_[0, :])))
    yield by_h, [[sum(V[i, j] * do[j] for j in range(O)) for i in range(H)]]
    yield gradient(losses[0], V), sp.Matrix(H, O, lambda i, j: H_[0, i] * do[j])
    yield gradient(losses[0], c), do


@check(
    "eq:backward-hidden",
    r"\pd{l}{k_j} = h_j\,(1 - h_j)\,\pd{l}{h_j}",
    r"\pd{l}{W_{ij}} = x_i\,\pd{l}{k_j}",
    r"\pd{l}{b_j} = \pd{l}{k_j}",
)
def _():
    yield dk, sp.Matrix(1, H, lambda _, j: H_[0, j] * (1 - H_[0, j]) * dh[j])
    yield gradient(losses[0], W), sp.Matrix(I, H, lambda i, j: x[0, i] * dk[j])
    yield gradient(losses[0], b), dk


@check(
    "eq:instance-forward",
    r"k = xW + b",
    r"h = \sigma(k)",
    r"o = hV + c",
    r"y = \operatorname{softmax}(o)",
)
def _():
    yield (x[0, :] * W + b).applyfunc(sigma) * V + c, O_[0, :]


@check(
    "eq:instance-backward",
    r"\nabla_{\!o} &= y - \operatorname{onehot}(t)",
    r"\nabla_{\!V} &= h^\top \nabla_{\!o}",
    r"\nabla_{\!c} &= \nabla_{\!o}",
    r"\nabla_{\!h} &= \nabla_{\!o} V^\top",
    r"\nabla_{\!k} &= \nabla_{\!h} \odot h \odot (1 - h)",
    r"\nabla_{\!W} &= x^\top \nabla_{\!k}",
    r"\nabla_{\!b} &= \nabla_{\!k}",
)
def _():
    yield do, Y_[0, :] - sp.Matrix([[delta(j, T[0]) for j in range(O)]])
    yield gradient(losses[0], V), H_[0, :].T * do
    yield gradient(losses[0], c), do
    yield dh, do * V.T
    yield gradient(losses[0], W), x[0, :].T * dk
    yield gradient(losses[0], b), dk


@check(
    "eq:batch-loss",
    r"\frac1B \sum_{n=1}^{B} l_n",
    r"-\frac1B\,\mathbf 1^\top (T \odot \log Y)\,\mathbf 1",
    r"-\log Y_{n t_n} = \log\sum_m \exp O_{nm} - O_{n t_n}",
)
def _():
    forms = [sp.log(sum(map(sp.exp, O_[n, :]))) - O_[n, T[n]] for n in range(N)]
    targets = sp.Matrix(N, O, lambda n, j: delta(j, T[n]))
    picked = targets.multiply_elementwise(Y_.applyfunc(sp.log))
    yield sp.Matrix([forms]), [losses]
    yield -ONES.T * picked * sp.ones(O, 1) / N, [[L]]


@check(
    "eq:batch-forward",
    r"\sum_m X_{nm} W_{mj} + b_j & &\Longrightarrow & K &= XW + \mathbf 1 b",
    r"\sum_m H_{nm} V_{mj} + c_j & &\Longrightarrow & O &= HV + \mathbf 1 c",
    r"\frac{\exp O_{nj}}{\sum_m \exp O_{nm}}",
    r"Y &= E \oslash (E\,\mathbf 1\,\mathbf 1^\top), \quad E = \exp O",
)
def _():
    rows = range(I)
    yield K_, sp.Matrix(N, H, lambda n, j: sum(x[n, i] * W[i, j] for i in rows) + b[j])
    yield O_, sp.Matrix(N, O, lambda n, j: sum(H_[n, i] * V[i, j] for i in rows) + c[j])
    exp = O_.applyfunc(sp.exp)
    sums = exp * sp.ones(O, 1) * sp.ones(1, O)
    yield Y_, exp.multiply_elementwise(sums.applyfunc(lambda each: 1 / each))


def by_onward(value, onward):
    """The derivatives of the loss by a matrix, from which logits come onward."""
    z = sp.Matrix(*value.shape, sp.symbols("z:4", real=True))
    out = onward(z)
    loss = sum(
        sp.log(sum(map(sp.exp, out[n, :]))) - out[n, T[n]] for n in range(N)
    ) / N  # fmt: skip
    return gradient(loss, z).subs(dict(zip(z, value)))


@check("eq:batch-logits", r"\frac1B\,(Y_{nj} - \delta_{t_n j})", r"\tfrac1B\,(Y - T)")
def _():
    yield by_onward(O_, lambda out: out), d_out


@check("eq:batch-H", r"\nabla_{\!H} = \nabla_{\!O} V^\top")
def _():
    yield by_onward(H_, lambda h: h * V + ONES * c), d_out * V.T


@check("eq:batch-K", r"\nabla_{\!K} = \nabla_{\!H} \odot H \odot (1 - H)")
def _():
    yield by_onward(K_, lambda k: k.applyfunc(sigma) * V + ONES * c), d_pre


for parameter, variable, product, form in (
    ("V", V, r"H^\top \nabla_{\!O}", H_.T * d_out),
    ("c", c, r"\mathbf 1^\top \nabla_{\!O}", ONES.T * d_out),
    ("W", W, r"X^\top \nabla_{\!K}", x.T * d_pre),
    ("b", b, r"\mathbf 1^\top \nabla_{\!K}", ONES.T * d_pre),
):
    check(f"eq:batch-{parameter}", rf"\nabla_{{\!{parameter}}} = {product}")(
        lambda variable=variable, form=form: [(gradient(L, variable), form)]
    )


def test_every_labelled_equation_has_a_check():
    assert set(EQUATIONS) == set(CHECKS)


def test_there_is_no_displayed_equation_without_a_label():
    for path in sorted((PROJECT / "templates").glob("question*.tex")):
        source = path.read_text()
        assert not re.search(r"\\begin\{\w+\*\}|(?<!\\)\\\[", source), path
        assert not re.search(r"\\begin\{equation\}(?!\\label)", source), path


@pytest.mark.parametrize("label", CHECKS)
def test_an_equation_is_right(label):
    formulas, terms = CHECKS[label]
    assert [formula for formula in formulas if formula not in EQUATIONS[label]] == []
    found = [equal(*each) for each in terms()]
    assert found
    assert all(found)
