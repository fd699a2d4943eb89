"""
This part of the workflow answers question 7.4: the chosen settings on the test set.

REQUIRED INPUTS:

    data/{name}/train-*, t10k-*
    results/chosen.csv

OUTPUTS:

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
        recorded("""
        python -m mlp.experiments.train_final \
            --images {input.images:q} \
            --labels {input.labels:q} \
            --sha256 {params.sha256} \
            --test-images {input.test_images:q} \
            --test-labels {input.test_labels:q} \
            --test-sha256 {params.test_sha256} \
            --classes {params.classes} \
            --chosen {input.chosen:q} \
            --seed {wildcards.seed} \
            --result {output.result:q} \
            --confusion {output.confusion:q} \
            --mistakes {output.mistakes:q} \
            >{log:q} 2>&1
        """)


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
        recorded("""
        python -m mlp.summaries.final \
            --results {input.results:q} \
            --confusions {input.confusions:q} \
            --mistakes {input.mistakes:q} \
            --final {output.final:q} \
            --summary {output.summary:q} \
            --confusion {output.confusion:q} \
            >{log:q} 2>&1
        """)


rule final_figures:
    """Draw the confusion matrix and the mistakes."""
    input:
        confusion=rules.final.output.confusion,
        mistakes=collect(rules.train_final.output.mistakes, seed=FINAL_SEEDS),
    output:
        confusion="results/figures/confusion.pdf",
        confusion_svg="results/figures/confusion.svg",
        mistakes="results/figures/mistakes.pdf",
        mistakes_svg="results/figures/mistakes.svg",
    log:
        "logs/final_figures.txt",
    benchmark:
        "benchmarks/final_figures.tsv"
    params:
        *code("mlp.figures.final"),
        # a function, since Snakemake would take braces in a name for wildcards
        class_names=lambda wildcards: json.dumps(CLASSES),
    shell:
        recorded("""
        python -m mlp.figures.final \
            --confusion {input.confusion:q} \
            --mistakes {input.mistakes:q} \
            --class-names {params.class_names:q} \
            --confusion-figure {output.confusion:q} \
            --mistakes-figure {output.mistakes:q} \
            >{log:q} 2>&1
        """)
