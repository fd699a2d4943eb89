"""This part of the workflow answers question 7.1 and 7.2: the batched network on images,
one setting from several seeds.

It reads data/{name}/train-*.  It makes:

    results/dataset.csv                 the images to train and validate on
    results/figures/dataset.pdf         some of them
    results/batching.csv                instances one by one, and as batches
    results/runs/hidden_size=.../       each run, by hyperparameters and seed
    results/epochs.csv, batches.csv     mean and spread over the seeds
    results/figures/batches.pdf, spread.pdf, epochs.pdf
"""

from workflow.runs import RUN, runs, settings, words

SWEEP = config["learning_rate_sweep"]
GRIDS = SWEEP["grid"] if isinstance(SWEEP["grid"], list) else [SWEEP["grid"]]
SWEEP_SETTINGS = list(
    settings(
        config["hyperparameters"], {"learning_rate": SWEEP["learning_rates"]}, *GRIDS
    )
)
SEEDS = config["mnist_runs"]["seeds"]
if config["hyperparameters"] in SWEEP_SETTINGS:  # one setting, one set of runs
    SEEDS = sorted({*SEEDS, *SWEEP["seeds"]})
MNIST_RUNS = {
    file: runs(f"{file}.csv", [config["hyperparameters"]], SEEDS)
    for file in ("epochs", "batches")
}


wildcard_constraints:
    hyperparameters="hidden_size=.+/epochs=[0-9]+",
    seed="[0-9]+",


rule dataset:
    """Describe the images to train and to validate on."""
    input:
        images=rules.download.output.train_images,
        labels=rules.download.output.train_labels,
    output:
        "results/dataset.csv",
    log:
        "logs/dataset.txt",
    benchmark:
        "benchmarks/dataset.tsv"
    params:
        *code("mlp.summaries.dataset"),
        sha256=SHA256,
        classes=len(CLASSES),
        validation_size=config["dataset"]["validation_size"],
    shell:
        recorded(
            "mlp.summaries.dataset",
            input="images labels",
            params="sha256 classes validation_size",
            output="output",
        )


rule dataset_figures:
    """Draw some of the images to train on, and their pixels."""
    input:
        images=rules.download.output.train_images,
        labels=rules.download.output.train_labels,
    output:
        figure=multiext("results/figures/dataset", ".pdf", ".svg"),
    log:
        "logs/dataset_figures.txt",
    benchmark:
        "benchmarks/dataset_figures.tsv"
    params:
        *code("mlp.figures.dataset"),
        sha256=SHA256,
        class_names=as_json(CLASSES),
        validation_size=config["dataset"]["validation_size"],
    shell:
        recorded(
            "mlp.figures.dataset",
            input="images labels",
            params="sha256 class_names validation_size",
            output="figure",
        )


rule batching:
    """Train on a few batches by their instances one by one, and as a whole."""
    input:
        images=rules.download.output.train_images,
        labels=rules.download.output.train_labels,
    output:
        "results/batching.csv",
    log:
        "logs/batching.txt",
    benchmark:
        "benchmarks/batching.tsv"
    params:
        *code("mlp.experiments.batching"),
        hyperparameters=words(config["hyperparameters"]),
        sha256=SHA256,
        classes=len(CLASSES),
        validation_size=config["dataset"]["validation_size"],
        seed=SEEDS[0],
    shell:
        recorded(
            "mlp.experiments.batching",
            input="images labels",
            params="sha256 classes validation_size hyperparameters seed",
            output="output",
        )


rule train:
    """Train from one seed on part of the training set, validate on the rest."""
    input:
        images=rules.download.output.train_images,
        labels=rules.download.output.train_labels,
    output:
        epochs=f"{RUN}/epochs.csv",
        batches=f"{RUN}/batches.csv",
    log:
        "logs/train/{hyperparameters}/seed={seed}.txt",
    benchmark:
        "benchmarks/train/{hyperparameters}/seed={seed}.tsv"
    resources:
        runtime=60,
    params:
        *code("mlp.experiments.train"),
        hyperparameters=lambda wildcards: " ".join(
            Path(wildcards.hyperparameters).parts
        ),
        sha256=SHA256,
        classes=len(CLASSES),
        validation_size=config["dataset"]["validation_size"],
        # only question 7.1 reads those of the other epochs
        train_loss_after=lambda wildcards: (
            "each"
            if wildcards.hyperparameters == words(config["hyperparameters"], "/")
            else "last"
        ),
    shell:
        recorded(
            "mlp.experiments.train",
            input="images labels",
            params="sha256 classes validation_size hyperparameters train_loss_after",
            wildcards="seed",
            output="epochs batches",
        )


rule mnist_runs:
    """Summarize the runs of one setting over the seeds."""
    input:
        epochs=MNIST_RUNS["epochs"],
        batches=MNIST_RUNS["batches"],
    output:
        epochs_output="results/epochs.csv",
        batches_output="results/batches.csv",
    log:
        "logs/mnist_runs.txt",
    benchmark:
        "benchmarks/mnist_runs.tsv"
    params:
        *code("mlp.summaries.mnist_runs"),
    shell:
        recorded(
            "mlp.summaries.mnist_runs",
            input="epochs batches",
            output="epochs_output batches_output",
        )


rule mnist_runs_figures:
    """Draw the loss of each batch, its spread over the seeds, and the epochs."""
    input:
        runs=MNIST_RUNS["batches"],
        batches=rules.mnist_runs.output.batches_output,
        epochs=rules.mnist_runs.output.epochs_output,
    output:
        batches_figure=multiext("results/figures/batches", ".pdf", ".svg"),
        spread_figure=multiext("results/figures/spread", ".pdf", ".svg"),
        epochs_figure=multiext("results/figures/epochs", ".pdf", ".svg"),
    log:
        "logs/mnist_runs_figures.txt",
    benchmark:
        "benchmarks/mnist_runs_figures.tsv"
    params:
        *code("mlp.figures.mnist_runs"),
        window=100,
    shell:
        recorded(
            "mlp.figures.mnist_runs",
            input="runs batches epochs",
            params="window",
            output="batches_figure spread_figure epochs_figure",
        )
