"""This part of the workflow answers question 7.4: the chosen settings on the test set.

It reads data/{name}/train-*, t10k-* and results/chosen.csv.  It makes:

    results/final.csv, final_summary.csv    the test results, by seed and over them
    results/confusion.csv                   who is taken for whom
    results/figures/confusion.pdf, mistakes.pdf
"""

FINAL_SEEDS = config["final"]["seeds"]


rule train_final:
    """Train the chosen settings from one seed on the full training set, and test them."""
    input:
        images=rules.download.output.train_images,
        labels=rules.download.output.train_labels,
        test_images=rules.download.output.test_images,
        test_labels=rules.download.output.test_labels,
        chosen=rules.learning_rate_sweep.output.chosen,
    output:
        result="results/final/seed={seed}/result.csv",
        confusion="results/final/seed={seed}/confusion.csv",
        mistakes="results/final/seed={seed}/mistakes.npy",
    log:
        "logs/train_final/seed={seed}.txt",
    benchmark:
        "benchmarks/train_final/seed={seed}.tsv"
    resources:
        runtime=60,
    params:
        *code("mlp.experiments.train_final"),
        sha256=SHA256,
        test_sha256=TEST_SHA256,
        classes=len(CLASSES),
    shell:
        recorded(
            "mlp.experiments.train_final",
            input="images labels test_images test_labels chosen",
            params="sha256 test_sha256 classes",
            wildcards="seed",
            output="result confusion mistakes",
        )


rule final:
    """Summarize the test results over the seeds."""
    input:
        results=collect(rules.train_final.output.result, seed=FINAL_SEEDS),
        confusions=collect(rules.train_final.output.confusion, seed=FINAL_SEEDS),
        mistakes=collect(rules.train_final.output.mistakes, seed=FINAL_SEEDS),
    output:
        final="results/final.csv",
        summary="results/final_summary.csv",
        confusion="results/confusion.csv",
    log:
        "logs/final.txt",
    benchmark:
        "benchmarks/final.tsv"
    params:
        *code("mlp.summaries.final"),
    shell:
        recorded(
            "mlp.summaries.final",
            input="results confusions mistakes",
            output="final summary confusion",
        )


rule final_figures:
    """Draw the confusion matrix and the mistakes."""
    input:
        confusion=rules.final.output.confusion,
        mistakes=collect(rules.train_final.output.mistakes, seed=FINAL_SEEDS),
    output:
        confusion_figure=multiext("results/figures/confusion", ".pdf", ".svg"),
        mistakes_figure=multiext("results/figures/mistakes", ".pdf", ".svg"),
    log:
        "logs/final_figures.txt",
    benchmark:
        "benchmarks/final_figures.tsv"
    params:
        *code("mlp.figures.final"),
        class_names=as_json(CLASSES),
    shell:
        recorded(
            "mlp.figures.final",
            input="confusion mistakes",
            params="class_names",
            output="confusion_figure mistakes_figure",
        )
