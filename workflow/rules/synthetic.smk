"""This part of the workflow answers question 4: the scalar network on synthetic data.

It generates the data itself.  It makes:

    results/synthetic_data.csv    the features before and after normalization
    results/synthetic_curve.csv   losses against the instances seen, over the seeds
    results/synthetic.csv         where each seed ends
    results/synthetic_outcome.csv how many do so in which way
    results/figures/synthetic_curve.pdf, synthetic_boundary.pdf
"""

SYNTHETIC_SEEDS = config["synthetic"]["seeds"]


rule train_synthetic:
    """Train the scalar network from one seed."""
    output:
        curve="results/synthetic/seed={seed}/curve.csv",
        parameters="results/synthetic/seed={seed}/parameters.json",
    log:
        "logs/train_synthetic/seed={seed}.txt",
    benchmark:
        "benchmarks/train_synthetic/seed={seed}.tsv"
    resources:
        runtime=60,
    params:
        *code("mlp.experiments.train_synthetic"),
        hidden_size=config["synthetic"]["hidden_size"],
        learning_rate=config["synthetic"]["learning_rate"],
        epochs=config["synthetic"]["epochs"],
        interval=config["synthetic"]["interval"],
    shell:
        recorded(
            "mlp.experiments.train_synthetic",
            params="hidden_size learning_rate epochs interval",
            wildcards="seed",
            output="curve parameters",
        )


rule synthetic:
    """Summarize the training on synthetic data over the seeds."""
    input:
        curves=collect(rules.train_synthetic.output.curve, seed=SYNTHETIC_SEEDS),
        parameters=collect(
            rules.train_synthetic.output.parameters, seed=SYNTHETIC_SEEDS
        ),
    output:
        data="results/synthetic_data.csv",
        curve="results/synthetic_curve.csv",
        result="results/synthetic.csv",
        outcome="results/synthetic_outcome.csv",
    log:
        "logs/synthetic.txt",
    benchmark:
        "benchmarks/synthetic.tsv"
    params:
        *code("mlp.summaries.synthetic"),
    shell:
        recorded(
            "mlp.summaries.synthetic",
            input="curves parameters",
            output="data curve result outcome",
        )


rule synthetic_figures:
    """Draw the learning curve and the decision boundary."""
    input:
        curves=rules.synthetic.input.curves,
        parameters=rules.synthetic.input.parameters,
    output:
        curve_figure=multiext("results/figures/synthetic_curve", ".pdf", ".svg"),
        boundary_figure=multiext("results/figures/synthetic_boundary", ".pdf", ".svg"),
    log:
        "logs/synthetic_figures.txt",
    benchmark:
        "benchmarks/synthetic_figures.tsv"
    params:
        *code("mlp.figures.synthetic"),
    shell:
        recorded(
            "mlp.figures.synthetic",
            input="curves parameters",
            output="curve_figure boundary_figure",
        )
