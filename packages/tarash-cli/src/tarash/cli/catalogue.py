"""`tarash models`, `tarash voices` and `tarash providers`: what there is."""

from typing import Annotated

import typer

from tarash.cli import options as o


def models(
    provider: Annotated[
        str | None, typer.Argument(metavar="PROVIDER|show", help="Only this provider's.", show_default=False)
    ] = None,
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="With 'show': the model, as ID or PROVIDER:ID.", show_default=False),
    ] = None,
    kind: Annotated[o.KindName | None, typer.Option(help="Only models that do this.", show_default=False)] = None,
    as_json: o.AsJson = False,
) -> int:
    """List known models; 'tarash models show [PROVIDER:]ID' tells of one. Unknown models can be used all the same."""
    from tarash.cli.modelinfo import list_models, show_model

    if provider == "show":
        if model is None:
            raise typer.BadParameter("say which model: tarash models show [PROVIDER:]ID")
        return show_model(model, as_json=as_json)
    if model is not None:
        raise typer.BadParameter("one provider at most; for one model: tarash models show [PROVIDER:]ID")
    return list_models(provider, kind.value if kind else None, as_json=as_json)


def voices(
    context: typer.Context,
    providers: o.VoiceProviders = None,
    timeout: o.Timeout = None,
    base_url: o.BaseUrls = None,
    provider_config: o.ProviderConfig = None,
    mock: o.Mock = False,
    as_json: o.AsJson = False,
) -> int:
    """List the voices that providers can speak with: id, name, languages, gender, description. Nothing is paid."""
    from tarash.cli.voiceinfo import list_all_voices

    return list_all_voices(context.params)


def providers(as_json: o.AsJson = False) -> int:
    """List installed providers, where they come from, and whether their keys are set (never the keys)."""
    from tarash.cli.providerinfo import list_providers

    return list_providers(as_json=as_json)
