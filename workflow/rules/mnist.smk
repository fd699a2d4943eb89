"""
This part of the workflow answers question 7: the batched network on images.

REQUIRED INPUTS:

    data/{name}/train-*    for all runs
    data/{name}/t10k-*     for the final runs only

OUTPUTS:

    results/dataset.csv                     the images to train and validate on
    results/epochs.csv, batches.csv         one setting, over the seeds (7.1 and 7.2)
    results/learning_rates.csv, grid.csv    one row a setting (7.3)
    results/chosen.csv                      the setting that validates best
    results/final.csv, final_summary.csv    the test results, by seed and over them (7.4)
    results/confusion.csv                   who is taken for whom, on the test set
    results/figures/*.pdf
"""

RUNS = config["mnist_runs"]
SWEEP = config["learning_rate_sweep"]
FINAL_SEEDS = config["final"]["seeds"]
MNIST_RUNS = {
    file: runs(
        f"{file}.csv", [RUNS["batch_size"]], [RUNS["learning_rate"]], RUNS["seeds"]
    )
    for file in ("epochs", "batches")
}
SWEEP_RUNS = sorted(
    {
        *runs(
            "epochs.csv", [RUNS["batch_size"]], SWEEP["learning_rates"], SWEEP["seeds"]
        ),
        *runs("epochs.csv", **SWEEP["grid"], seeds=SWEEP["seeds"]),
    }
)


rule dataset:
    """Describe the images to train and to validate on."""
    input:
        images=TRAIN_IMAGES,
        labels=TRAIN_LABELS,
    output:
        "results/dataset.csv",
    log:
        "logs/dataset.txt",
    benchmark:
        "benchmarks/dataset.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("mlp.summaries.dataset"),
        classes=len(CLASSES),
        validation_size=config["dataset"]["validation_size"],
    shell:
        """
        python -m mlp.summaries.dataset \
            --images {input.images:q} \
            --labels {input.labels:q} \
            --classes {params.classes} \
            --validation-size {params.validation_size} \
            --output {output:q} \
            >{log:q} 2>&1
        """


rule train:
    """Train from one seed on part of the training set, validate on the rest."""
    input:
        images=TRAIN_IMAGES,
        labels=TRAIN_LABELS,
    output:
        epochs=f"{RUN}/epochs.csv",
        batches=f"{RUN}/batches.csv",
    log:
        RUN.replace("results", "logs", 1) + ".txt",
    benchmark:
        RUN.replace("results", "benchmarks", 1) + ".tsv"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        *code("mlp.experiments.validation"),
        **config["network"],
        **config["training"],
        classes=len(CLASSES),
        validation_size=config["dataset"]["validation_size"],
    shell:
        """
        python -m mlp.experiments.validation \
            --images {input.images:q} \
            --labels {input.labels:q} \
            --classes {params.classes} \
            --validation-size {params.validation_size} \
            --hidden-size {params.hidden_size} \
            --initialization {params.initialization} \
            --normalization {params.normalization} \
            --schedule {params.schedule} \
            --epochs {params.epochs} \
            --batch-size {wildcards.batch_size} \
            --learning-rate {wildcards.learning_rate} \
            --seed {wildcards.seed} \
            --epochs-csv {output.epochs:q} \
            --batches-csv {output.batches:q} \
            >{log:q} 2>&1
        """


rule mnist_runs:
    """Summarize the runs of one setting over the seeds."""
    input:
        epochs=MNIST_RUNS["epochs"],
        batches=MNIST_RUNS["batches"],
    output:
        epochs="results/epochs.csv",
        batches="results/batches.csv",
    log:
        "logs/mnist_runs.txt",
    benchmark:
        "benchmarks/mnist_runs.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("mlp.summaries.validation"),
        seeds=RUNS["seeds"],
    shell:
        """
        python -m mlp.summaries.validation \
            --epochs {input.epochs:q} \
            --batches {input.batches:q} \
            --seeds {params.seeds} \
            --epochs-output {output.epochs:q} \
            --batches-output {output.batches:q} \
            >{log:q} 2>&1
        """


rule mnist_figures:
    """Draw the loss of each batch, its spread over the seeds, and the epochs."""
    input:
        one_run=MNIST_RUNS["batches"][0],
        batches=rules.mnist_runs.output.batches,
        epochs=rules.mnist_runs.output.epochs,
    output:
        batches="results/figures/batches.pdf",
        batches_png="results/figures/batches.png",
        spread="results/figures/spread.pdf",
        spread_png="results/figures/spread.png",
        epochs="results/figures/epochs.pdf",
        epochs_png="results/figures/epochs.png",
    log:
        "logs/mnist_figures.txt",
    benchmark:
        "benchmarks/mnist_figures.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("mlp.figures.validation"),
        window=100,
    shell:
        """
        python -m mlp.figures.validation \
            --one-run {input.one_run:q} \
            --batches {input.batches:q} \
            --epochs {input.epochs:q} \
            --window {params.window} \
            --batches-figure {output.batches:q} \
            --spread-figure {output.spread:q} \
            --epochs-figure {output.epochs:q} \
            >{log:q} 2>&1
        """


rule learning_rate_sweep:
    """Summarize all settings over the seeds, and choose the one that validates best."""
    input:
        SWEEP_RUNS,
    output:
        learning_rates="results/learning_rates.csv",
        grid="results/grid.csv",
        chosen="results/chosen.csv",
    log:
        "logs/learning_rate_sweep.txt",
    benchmark:
        "benchmarks/learning_rate_sweep.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("mlp.summaries.sweep"),
        classes=len(CLASSES),
        validation_size=config["dataset"]["validation_size"],
        batch_size=RUNS["batch_size"],
    shell:
        """
        python -m mlp.summaries.sweep {input:q} \
            --classes {params.classes} \
            --validation-size {params.validation_size} \
            --batch-size {params.batch_size} \
            --learning-rates {output.learning_rates:q} \
            --grid {output.grid:q} \
            --chosen {output.chosen:q} \
            >{log:q} 2>&1
        """


rule sweep_figures:
    """Draw the learning rates and the grid."""
    input:
        learning_rates=rules.learning_rate_sweep.output.learning_rates,
        grid=rules.learning_rate_sweep.output.grid,
    output:
        learning_rates="results/figures/learning_rates.pdf",
        learning_rates_png="results/figures/learning_rates.png",
        grid="results/figures/grid.pdf",
        grid_png="results/figures/grid.png",
    log:
        "logs/sweep_figures.txt",
    benchmark:
        "benchmarks/sweep_figures.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("mlp.figures.sweep"),
    shell:
        """
        python -m mlp.figures.sweep \
            --learning-rates {input.learning_rates:q} \
            --grid {input.grid:q} \
            --learning-rates-figure {output.learning_rates:q} \
            --grid-figure {output.grid:q} \
            >{log:q} 2>&1
        """


rule train_final:
    """Train the chosen setting from one seed on the full training set, and test it."""
    input:
        images=TRAIN_IMAGES,
        labels=TRAIN_LABELS,
        test_images=TEST_IMAGES,
        test_labels=TEST_LABELS,
        chosen=rules.learning_rate_sweep.output.chosen,
    output:
        result="results/final/seed={seed}/result.csv",
        confusion="results/final/seed={seed}/confusion.csv",
        mistakes="results/final/seed={seed}/mistakes.npz",
    log:
        "logs/final/seed={seed}.txt",
    benchmark:
        "benchmarks/final/seed={seed}.tsv"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        *code("mlp.experiments.final"),
        **config["network"],
        **config["training"],
        classes=len(CLASSES),
    shell:
        """
        python -m mlp.experiments.final \
            --images {input.images:q} \
            --labels {input.labels:q} \
            --test-images {input.test_images:q} \
            --test-labels {input.test_labels:q} \
            --classes {params.classes} \
            --hidden-size {params.hidden_size} \
            --initialization {params.initialization} \
            --normalization {params.normalization} \
            --schedule {params.schedule} \
            --epochs {params.epochs} \
            --chosen {input.chosen:q} \
            --seed {wildcards.seed} \
            --result {output.result:q} \
            --confusion {output.confusion:q} \
            --mistakes {output.mistakes:q} \
            >{log:q} 2>&1
        """


rule final:
    """Summarize the test results over the seeds."""
    input:
        results=collect(rules.train_final.output.result, seed=FINAL_SEEDS),
        confusions=collect(rules.train_final.output.confusion, seed=FINAL_SEEDS),
    output:
        final="results/final.csv",
        summary="results/final_summary.csv",
        confusion="results/confusion.csv",
    log:
        "logs/final.txt",
    benchmark:
        "benchmarks/final.tsv"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        *code("mlp.summaries.final"),
    shell:
        """
        python -m mlp.summaries.final \
            --results {input.results:q} \
            --confusions {input.confusions:q} \
            --final {output.final:q} \
            --summary {output.summary:q} \
            --confusion {output.confusion:q} \
            >{log:q} 2>&1
        """


rule final_figures:
    """Draw the confusion matrix and the mistakes."""
    input:
        confusion=rules.final.output.confusion,
        mistakes=collect(rules.train_final.output.mistakes, seed=FINAL_SEEDS),
    output:
        confusion="results/figures/confusion.pdf",
        confusion_png="results/figures/confusion.png",
        mistakes="results/figures/mistakes.pdf",
        mistakes_png="results/figures/mistakes.png",
    log:
        "logs/final_figures.txt",
    benchmark:
        "benchmarks/final_figures.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        *code("mlp.figures.final"),
        classes=lambda wildcards: CLASSES,  # a name may have braces
    shell:
        """
        python -m mlp.figures.final \
            --confusion {input.confusion:q} \
            --mistakes {input.mistakes:q} \
            --classes {params.classes:q} \
            --confusion-figure {output.confusion:q} \
            --mistakes-figure {output.mistakes:q} \
            >{log:q} 2>&1
        """
