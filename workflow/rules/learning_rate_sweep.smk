"""
This part of the workflow answers question 7.3 and makes the choice for 7.4.

REQUIRED INPUTS:

    results/runs/

OUTPUTS:

    results/learning_rates.csv    one row a learning rate, at the batch size of mnist_runs
    results/grid.csv              one row a setting of the grid
    results/settings.csv          one row a setting, all of them
    results/chosen.csv            the setting that validates best
    results/sweep.csv             how many runs there are, and should be
    results/figures/learning_rates.pdf, grid.pdf
"""

SWEEP = config["learning_rate_sweep"]
SWEEP_RUNS = sorted(
    {
        *runs(
            "epochs.csv",
            [config["network"]["hidden_size"]],
            [RUNS["batch_size"]],
            SWEEP["learning_rates"],
            SWEEP["seeds"],
        ),
        *runs("epochs.csv", **SWEEP["grid"], seeds=SWEEP["seeds"]),
    }
)
if SWEEP["missing_runs"] == "leave_out":
    # those that mnist_runs asks for are made anyway, and there when the summary looks
    SWEEP_RUNS = [
        run for run in SWEEP_RUNS if os.path.exists(run) or run in MNIST_RUNS["epochs"]
    ]


rule learning_rate_sweep:
    """Summarize all settings over the seeds, and choose the one that validates best."""
    input:
        SWEEP_RUNS,
    output:
        learning_rates="results/learning_rates.csv",
        grid="results/grid.csv",
        settings="results/settings.csv",
        chosen="results/chosen.csv",
        sweep="results/sweep.csv",
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
        # a function, since Snakemake would take braces in a string for wildcards;
        # the names of a thousand runs do not fit on a command line
        runs=lambda wildcards: f"{RUN}/epochs.csv",
        hidden_size=config["network"]["hidden_size"],
        batch_size=RUNS["batch_size"],
        rates=SWEEP["learning_rates"],
        grid_hidden_sizes=SWEEP["grid"]["hidden_sizes"],
        grid_batch_sizes=SWEEP["grid"]["batch_sizes"],
        grid_rates=SWEEP["grid"]["learning_rates"],
        seeds=SWEEP["seeds"],
        missing_runs=SWEEP["missing_runs"],
    shell:
        """
        python -m mlp.summaries.sweep {params.runs:q} \
            --classes {params.classes} \
            --validation-size {params.validation_size} \
            --hidden-size {params.hidden_size} \
            --batch-size {params.batch_size} \
            --rates {params.rates} \
            --grid-hidden-sizes {params.grid_hidden_sizes} \
            --grid-batch-sizes {params.grid_batch_sizes} \
            --grid-rates {params.grid_rates} \
            --seeds {params.seeds} \
            --missing-runs {params.missing_runs} \
            --learning-rates {output.learning_rates:q} \
            --grid {output.grid:q} \
            --settings {output.settings:q} \
            --chosen {output.chosen:q} \
            --sweep {output.sweep:q} \
            >{log:q} 2>&1
        """


rule sweep_figures:
    """Draw the learning rates and the grid."""
    input:
        learning_rates=rules.learning_rate_sweep.output.learning_rates,
        grid=rules.learning_rate_sweep.output.grid,
    output:
        learning_rates="results/figures/learning_rates.pdf",
        learning_rates_svg="results/figures/learning_rates.svg",
        grid="results/figures/grid.pdf",
        grid_svg="results/figures/grid.svg",
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
