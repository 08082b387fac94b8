"""`samdrift mammography ...`: the workload's own commands, one a module. Importing this is light."""

from __future__ import annotations

import typer

from samdrift_mammography.commands import evaluate, export, listen, policy, score, send, train, triage

app = typer.Typer(
    help="Breast-screening triage. Research demonstrator, not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("score")(score.score)
app.command("triage")(triage.triage)
app.command("listen")(listen.listen)
app.command("send")(send.send)
app.command("policy")(policy.policy)
app.command("export")(export.export)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
