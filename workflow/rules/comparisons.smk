"""This part of the workflow compares what the report calls more or less.

It reads results/synthetic/, runs/, final/, chosen.csv and final.csv.  It makes:

    results/comparisons.csv    one row a comparison, with its verdict
"""


rule comparisons:
    """Compare what the report calls more or less."""
    input:
        sweep=lambda wildcards: SWEEP_RUNS,
        synthetic=rules.synthetic.input.curves,
        epochs=MNIST_RUNS["epochs"],
        batches=MNIST_RUNS["batches"],
        chosen=rules.learning_rate_sweep.output.chosen,
        final=rules.final.output.final,
        mistakes=rules.final.input.mistakes,
    output:
        "results/comparisons.csv",
    log:
        "logs/comparisons.txt",
    benchmark:
        "benchmarks/comparisons.tsv"
    params:
        *code("mlp.summaries.comparisons"),
        hyperparameters=words(config["hyperparameters"]),
        rates=SWEEP["learning_rates"],
        seeds=len(SWEEP["seeds"]),
        validation_size=config["dataset"]["validation_size"],
        train_size=config["dataset"]["files"]["train_labels"]["bytes"] - 8,
    shell:
        recorded(
            "mlp.summaries.comparisons",
            stdin="sweep",
            input="synthetic epochs batches chosen final mistakes",
            params="hyperparameters rates seeds validation_size train_size",
            output="output",
        )
