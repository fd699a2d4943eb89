"""
This part of the workflow answers question 7.1 and 7.2: the batched network on images,
one setting from several seeds.

REQUIRED INPUTS:

    data/{name}/train-*

OUTPUTS:

    results/dataset.csv                 the images to train and validate on
    results/runs/hidden_size=.../       each run, by setting and seed
    results/epochs.csv, batches.csv     mean and spread over the seeds
    results/figures/batches.pdf, spread.pdf, epochs.pdf
"""

RUNS = config["mnist_runs"]
MNIST_RUNS = {
    file: runs(
        f"{file}.csv",
        [config["network"]["hidden_size"]],
        [RUNS["batch_size"]],
        [RUNS["learning_rate"]],
        RUNS["seeds"],
    )
    for file in ("epochs", "batches")
}


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
        sha256=TRAIN_DIGESTS,
        classes=len(CLASSES),
        validation_size=config["dataset"]["validation_size"],
    shell:
        """
        python -m mlp.summaries.dataset \
            --images {input.images:q} \
            --labels {input.labels:q} \
            --sha256 {params.sha256} \
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
        RUN.replace("results/runs", "logs/train", 1) + ".txt",
    benchmark:
        RUN.replace("results/runs", "benchmarks/train", 1) + ".tsv"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        *code("mlp.experiments.validation"),
        **config["training"],
        initialization=config["network"]["initialization"],
        sha256=TRAIN_DIGESTS,
        classes=len(CLASSES),
        validation_size=config["dataset"]["validation_size"],
    shell:
        """
        python -m mlp.experiments.validation \
            --images {input.images:q} \
            --labels {input.labels:q} \
            --sha256 {params.sha256} \
            --classes {params.classes} \
            --validation-size {params.validation_size} \
            --hidden-size {wildcards.hidden_size} \
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
        batches_svg="results/figures/batches.svg",
        spread="results/figures/spread.pdf",
        spread_svg="results/figures/spread.svg",
        epochs="results/figures/epochs.pdf",
        epochs_svg="results/figures/epochs.svg",
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
