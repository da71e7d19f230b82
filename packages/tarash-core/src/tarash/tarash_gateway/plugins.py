"""Finding providers: names early, code late, and one broken plugin is an error of that provider alone."""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from tarash.tarash_gateway import hookspecs
from tarash.tarash_gateway.exceptions import PluginError, ProviderNotFoundError
from tarash.tarash_gateway.planning import warn_caller
from tarash.tarash_gateway.providers.base import ModelInfo, Provider
from tarash.tarash_gateway.providers.field_mappers import FieldMapper, FieldMapping

log = logging.getLogger("tarash")


class Registry:
    """All providers of this process: registered by the application, or found through entry points."""

    def __init__(self) -> None:
        self.hooks = pluggy.PluginManager(hookspecs.PROJECT)
        self.hooks.add_hookspecs(hookspecs)
        self._lock = threading.RLock()
        self._registered: dict[str, Any] = {}
        self._loaded: dict[str, Any] = {}
        self._failed: dict[str, tuple[str, BaseException | None]] = {}
        self._loading: dict[str, threading.RLock] = {}
        self._mappings: dict[str, dict[str, FieldMapping]] = {}
        self._names: dict[str, list[EntryPoint]] = {}
        self._distributions: dict[str, str] = {}
        self._blamed: set[str] = set()
        self.discover()

    def discover(self) -> None:
        """Read the names of installed providers; no code of theirs is imported."""
        found: dict[str, list[EntryPoint]] = {}
        for entry in entry_points(group=hookspecs.ENTRY_POINTS):
            same = found.setdefault(entry.name, [])
            if all(entry.value != other.value or _owner(entry) != _owner(other) for other in same):
                same.append(entry)
        self._names = found

    def ids(self) -> list[str]:
        """The ids of all providers, sorted."""
        return sorted({*self._registered, *self._names})

    def owners(self, provider: str) -> list[str]:
        """The distributions that claim a provider id."""
        return [_owner(entry) for entry in self._names.get(provider, [])]

    def register(self, name: str, handler: Any) -> None:
        """Use `handler` for `name` from now on; it wins over installed providers, and replaces an earlier one."""
        problem = _problem_of(handler)
        if problem:
            raise PluginError(f"A handler for {name!r} {problem}.")
        with self._lock:
            self._registered[name] = handler

    def ready(self, provider: str) -> Any:
        """The handler of a provider, when no code need be imported for it; else None."""
        return self._registered[provider] if provider in self._registered else self._loaded.get(provider)

    def handler(self, provider: str) -> Any:
        """The handler of a provider; imports its plugin on first use.

        Raises `ProviderNotFoundError`, or `PluginError` naming the distribution at fault.
        """
        handler = self.ready(provider)
        if handler is not None:
            return handler
        # One lock for each: a plugin that is slow to import does not keep anybody from using another.
        with self._loading.setdefault(provider, threading.RLock()):
            handler = self.ready(provider)
            return self._load(provider) if handler is None else handler

    def _load(self, provider: str) -> Any:
        if provider in self._failed:
            message, cause = self._failed[provider]
            raise PluginError(message, provider=provider) from cause
        try:
            self._loaded[provider] = self._import(provider)
        except PluginError as error:
            self._failed[provider] = error.message, error.__cause__
            raise
        return self._loaded[provider]

    def _import(self, provider: str) -> Any:
        entry = self._single_entry(provider)
        try:
            plugin = entry.load()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            problem = f"{type(error).__name__}: {error}"
            raise PluginError(
                f"The distribution {_owner(entry)}, which provides {provider!r}, cannot be imported ({problem}). "
                "Reinstall or remove it; other providers are not affected.",
                provider=provider,
            ) from (error if isinstance(error, Exception) else None)
        return self._handler_of(plugin, entry)

    def _single_entry(self, provider: str) -> EntryPoint:
        entries = self._names.get(provider, [])
        if not entries:
            import difflib

            near = difflib.get_close_matches(provider.lower(), self.ids(), 1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            known = ", ".join(self.ids()) or "none"
            raise ProviderNotFoundError(
                f"There is no provider {provider!r}.{meant} Installed: {known}. "
                f"For one of tarash's own: pip install 'tarash-gateway[{provider}]'.",
                provider=provider,
            )
        if len(entries) > 1:
            owners = " and ".join(_owner(entry) for entry in entries)
            raise PluginError(f"Both {owners} provide {provider!r}. Uninstall one of them.", provider=provider)
        return entries[0]

    def _handler_of(self, plugin: Any, entry: EntryPoint) -> Any:
        try:
            self._hook_in(plugin)
            self._distributions.setdefault(self.hooks.get_name(plugin) or "", _owner(entry))
            handlers: dict[str, Any] = {}
            for found in self.hooks.subset_hook_caller("tarash_providers", self._others(plugin))():
                handlers.update(found)
            self._collect_mappings(plugin)
        except (Exception, SystemExit) as error:
            problem = f"{type(error).__name__}: {error}"
            message = f"The distribution {_owner(entry)} does not work as a plugin of tarash ({problem})."
            raise PluginError(message, provider=entry.name) from error
        if entry.name not in handlers:
            raise PluginError(
                f"The distribution {_owner(entry)} promises the provider {entry.name!r} but gives "
                f"{', '.join(map(str, handlers)) or 'none'}.",
                provider=entry.name,
            )
        wrong = _problem_of(handlers[entry.name])
        if wrong:
            message = f"What the distribution {_owner(entry)} gives for {entry.name!r} {wrong}."
            raise PluginError(message, provider=entry.name)
        return handlers[entry.name]

    def _hook_in(self, plugin: Any) -> None:
        with self._lock:
            if self.hooks.is_registered(plugin):
                return
            try:
                self.hooks.register(plugin)
            except BaseException:
                # pluggy keeps what it had begun to register.
                if self.hooks.is_registered(plugin):
                    self.hooks.unregister(plugin)
                raise

    def _others(self, plugin: Any) -> list[Any]:
        return [other for other in self.hooks.get_plugins() if other is not plugin]

    def _collect_mappings(self, plugin: Any) -> None:
        for found in self.hooks.subset_hook_caller("tarash_field_mappings", self._others(plugin))():
            # All are looked at before any counts: half of a broken plugin must not speak for others' providers.
            for mappings in found.values():
                _check_mappings(mappings)
            for provider, mappings in found.items():
                self.add_mappings(provider, mappings, winning=False)

    def add_mappings(self, provider: str, mappings: Mapping[str, FieldMapping], *, winning: bool = True) -> None:
        """Add mappings by model id or prefix; what an application registers wins over what a plugin brings."""
        with self._lock:
            own = self._mappings.setdefault(provider, {})
            for model, mapping in mappings.items():
                if winning or model not in own:
                    own[model] = mapping

    def mappings(self, provider: str) -> dict[str, FieldMapping] | None:
        """Mappings that were registered for a provider beside its own; None when there are none."""
        return self._mappings.get(provider)

    def models(self, provider: str) -> Iterator[ModelInfo]:
        """What is known of a provider's models. Raises `PluginError` when the provider itself cannot tell.

        What other plugins tell is left out where it cannot be read, and each of them is warned of once.
        """
        yield from self._own_models(provider)
        # One by one, so that a plugin that fails does not silence the others.
        for described in reversed(self.hooks.hook.tarash_models.get_hookimpls()):
            try:
                told: Any = described.function()
                # To pluggy, None says nothing.
                found = [_checked_model(owner, info) for owner, info in (() if told is None else told)]
            except (Exception, SystemExit) as error:
                self._blame(described, error)
            else:
                yield from (info for owner, info in found if owner == provider)

    def _own_models(self, provider: str) -> list[ModelInfo]:
        handler = self.handler(provider)
        if not isinstance(handler, Provider):
            return []
        try:
            return [info for _, info in (_checked_model(provider, info) for info in handler.known_models())]
        except Exception as error:
            message = f"The models of {provider!r} cannot be read ({type(error).__name__}: {error})."
            raise PluginError(message, provider=provider) from error

    def _blame(self, described: pluggy.HookImpl, error: BaseException) -> None:
        name, plugin = described.plugin_name, described.plugin
        with self._lock:
            told = name in self._blamed
            self._blamed.add(name)
        if not told:
            owner = self._distributions.get(name) or getattr(plugin, "__name__", type(plugin).__name__)
            problem = f"{type(error).__name__}: {error}"
            warn_caller(f"The models that {owner} tells of cannot be read ({problem}).")

    def has_observers(self, event: str) -> bool:
        return bool(getattr(self.hooks.hook, f"tarash_{event}").get_hookimpls())

    def tell(self, event: str, **details: Any) -> None:
        """Call the observers of an event. Observers only watch: what they raise is logged and forgotten."""
        # One by one, so that a failing observer does not silence the others.
        for observer in getattr(self.hooks.hook, f"tarash_{event}").get_hookimpls():
            try:
                observer.function(*(details[name] for name in observer.argnames))
            except Exception:
                log.warning("The observer %s of %s failed.", observer.plugin_name, event, exc_info=True)


def _owner(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value


def _checked_model(owner: str, info: Any) -> tuple[str, ModelInfo]:
    if not isinstance(info, ModelInfo):
        raise TypeError(f"a {type(info).__name__} instead of a ModelInfo, for {owner!r}")
    return owner, info


def _check_mappings(mappings: Mapping[Any, Any]) -> None:
    for model, mapping in mappings.items():
        if not isinstance(model, str) or not isinstance(mapping, Mapping):
            raise TypeError(f"{model!r} has a {type(mapping).__name__} instead of a mapping of fields")
        for name, mapper in mapping.items():
            if not isinstance(mapper, FieldMapper):
                raise TypeError(f"{model!r} has a {type(mapper).__name__} instead of a FieldMapper for {name!r}")


_METHODS = ("generate_video", "generate_image", "generate_tts", "generate_sts")


def _problem_of(handler: Any) -> str | None:
    """Why something cannot be a handler, as the rest of a sentence; None when it can."""
    if not isinstance(handler, Provider):
        what = f"the class {handler.__name__}" if inspect.isclass(handler) else f"a {type(handler).__name__}"
        return None if _has_methods(handler) else f"is {what}, neither a Provider nor an object with generate_* methods"
    if not isinstance(getattr(handler, "id", None), str) or not isinstance(getattr(handler, "base_url", None), str):
        return f"is a Provider without id or base_url ({type(handler).__name__})"
    return None


def _has_methods(handler: Any) -> bool:
    if inspect.isclass(handler):
        return False
    return any(callable(getattr(handler, name + half, None)) for name in _METHODS for half in ("", "_async"))


registry = Registry()
