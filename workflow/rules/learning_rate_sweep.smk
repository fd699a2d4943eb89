"""This part of the workflow answers question 7.3 and makes the choice for 7.4.

It reads results/runs/.  It makes:

    results/learning_rates.csv    one row a learning rate, all else as in mnist_runs
    results/learning_curves.csv   the same after each epoch
    results/grid.csv              one row a setting of the grids
    results/activations.csv       one row an activation function, all else as in mnist_runs
    results/settings.csv          one row a setting, all of them
    results/chosen.csv            the setting that validates best
    results/sweep.csv             how many runs there are, and should be
    results/figures/learning_rates.pdf, grid.pdf
"""

from workflow.runs import words

PLANNED_RUNS = runs("epochs.csv", SWEEP_SETTINGS, SWEEP["seeds"])
if config["hyperparameters"] in SWEEP_SETTINGS:
    PLANNED_RUNS = list(dict.fromkeys(PLANNED_RUNS + MNIST_RUNS["epochs"]))
SWEEP_RUNS = PLANNED_RUNS
if SWEEP["missing_runs"] == "leave_out":
    # those that mnist_runs asks for are made anyway, and there when the summary looks
    SWEEP_RUNS = [
        run
        for run in PLANNED_RUNS
        if os.path.exists(run) or run in MNIST_RUNS["epochs"]
    ]


rule learning_rate_sweep:
    """Summarize all settings over the seeds, and choose the one that validates best."""
    input:
        runs=lambda wildcards: SWEEP_RUNS,
    output:
        learning_rates="results/learning_rates.csv",
        learning_curves="results/learning_curves.csv",
        grid="results/grid.csv",
        activations="results/activations.csv",
        settings="results/settings.csv",
        chosen="results/chosen.csv",
        sweep="results/sweep.csv",
    log:
        "logs/learning_rate_sweep.txt",
    benchmark:
        "benchmarks/learning_rate_sweep.tsv"
    params:
        *code("mlp.summaries.learning_rate_sweep"),
        hyperparameters=words(config["hyperparameters"]),
        rates=SWEEP["learning_rates"],
        grids=as_json(GRIDS),
        seeds=len(SWEEP["seeds"]),
        planned=len(PLANNED_RUNS),
    shell:
        recorded(
            "mlp.summaries.learning_rate_sweep",
            stdin="runs",
            params="hyperparameters rates grids seeds planned",
            output="learning_rates learning_curves grid activations settings chosen sweep",
        )


rule learning_rate_sweep_figures:
    """Draw the learning rates and the grid."""
    input:
        learning_rates=rules.learning_rate_sweep.output.learning_rates,
        learning_curves=rules.learning_rate_sweep.output.learning_curves,
        grid=rules.learning_rate_sweep.output.grid,
    output:
        rates_figure=multiext("results/figures/learning_rates", ".pdf", ".svg"),
        grid_figure=multiext("results/figures/grid", ".pdf", ".svg"),
    log:
        "logs/learning_rate_sweep_figures.txt",
    benchmark:
        "benchmarks/learning_rate_sweep_figures.tsv"
    params:
        *code("mlp.figures.learning_rate_sweep"),
    shell:
        recorded(
            "mlp.figures.learning_rate_sweep",
            input="learning_rates learning_curves grid",
            output="rates_figure grid_figure",
        )
