"""This part of the workflow answers question 2 in numbers.

It reads nothing.  It makes:

    results/softmax.csv
"""


rule softmax:
    """Take the derivative of the loss by the logits in two steps and in one."""
    output:
        "results/softmax.csv",
    log:
        "logs/softmax.txt",
    benchmark:
        "benchmarks/softmax.tsv"
    params:
        *code("mlp.experiments.softmax"),
    shell:
        recorded("mlp.experiments.softmax", output="output")
