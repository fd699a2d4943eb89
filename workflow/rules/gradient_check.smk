"""This part of the workflow answers question 3 and vouches for all networks.

It reads nothing.  It makes:

    results/gradient_check.csv          all derivatives, at all points
    results/gradient_differences.csv    the largest difference from each reference
    results/forward_pass.csv            the forward pass of the assignment's network
    results/gradient_checked.csv        the source of each network that passed
"""


rule gradient_check:
    """Compare all derivatives with the assignment's and with finite differences."""
    output:
        derivatives="results/gradient_check.csv",
        differences="results/gradient_differences.csv",
        forward_pass="results/forward_pass.csv",
        checked="results/gradient_checked.csv",
    log:
        "logs/gradient_check.txt",
    benchmark:
        "benchmarks/gradient_check.tsv"
    params:
        *code("mlp.experiments.gradient_check"),
        random_points=config["gradient_check"]["random_points"],
        seed=config["gradient_check"]["seed"],
    shell:
        recorded(
            "mlp.experiments.gradient_check",
            params="random_points seed",
            output="derivatives differences forward_pass checked",
        )
