"""
This part of the workflow compares what the report calls more or less.

REQUIRED INPUTS:

    results/synthetic/, results/runs/, results/final/
    results/chosen.csv, final.csv

OUTPUTS:

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
        recorded("""
        printf '%s\\n' {input.sweep:q} \
            | python -m mlp.summaries.comparisons \
                --hyperparameters {params.hyperparameters:q} \
                --rates {params.rates} \
                --seeds {params.seeds} \
                --validation-size {params.validation_size} \
                --train-size {params.train_size} \
                --synthetic {input.synthetic:q} \
                --epochs {input.epochs:q} \
                --batches {input.batches:q} \
                --chosen {input.chosen:q} \
                --final {input.final:q} \
                --mistakes {input.mistakes:q} \
                --output {output:q} \
                >{log:q} 2>&1
        """)
