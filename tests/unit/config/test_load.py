"""Settings: where they come from, and what is said when they are wrong."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.config import Settings, SettingsError, load
from posthouse.config.fields import all_settings


def write(folder: Path, text: str) -> Path:
    path = folder / "posthouse.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(**given: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load(**given)  # type: ignore[arg-type]
    return str(caught.value)


def test_without_anything_the_defaults_hold() -> None:
    """Posthouse starts without a single setting."""
    assert load().settings == Settings()


def test_file_then_variables_then_command_line(tmp_path: Path) -> None:
    """Each place overrules the one before, and each value knows where it came from."""
    path = write(tmp_path, '[http]\nport = 1001\nhost = "127.0.0.2"\nprocesses = 3\n')
    loaded = load(
        data=tmp_path,
        environ={"POSTHOUSE_HTTP_PORT": "1002", "POSTHOUSE_HTTP_PROCESSES": "4"},
        overrides={"http.processes": 5},
    )
    http = loaded.settings.http
    assert (http.host, http.port, http.processes) == ("127.0.0.2", 1002, 5)
    assert loaded.origins["http.host"] == str(path)
    assert loaded.origins["http.port"] == "the variable POSTHOUSE_HTTP_PORT"
    assert loaded.origins["http.processes"] == "the command line"


def test_a_file_named_by_config_is_its_own_data_folder(tmp_path: Path) -> None:
    """--config alone is enough: the data stand beside the file unless it says otherwise."""
    path = write(tmp_path, "")
    assert load(config=path).settings.data_dir == tmp_path
    assert load(environ={"POSTHOUSE_CONFIG": str(path)}).settings.data_dir == tmp_path


def test_unknown_setting_in_the_file_names_the_nearest(tmp_path: Path) -> None:
    """A typo stops the start and is answered with the right name and the place."""
    write(tmp_path, "[http]\nprot = 1\n")
    said = refusal(data=tmp_path)
    assert "http.prot" in said
    assert str(tmp_path / "posthouse.toml") in said
    assert "did you mean http.port?" in said


def test_unknown_section_is_refused(tmp_path: Path) -> None:
    """A misspelt section does not silently do nothing."""
    write(tmp_path, "[dispach]\nprocesses = 1\n")
    assert "did you mean dispatch?" in refusal(data=tmp_path)


def test_section_written_as_a_value_is_explained(tmp_path: Path) -> None:
    """`http = 8025` is answered with how to write a section."""
    write(tmp_path, "http = 8025\n")
    assert "write [http]" in refusal(data=tmp_path)


def test_unknown_variable_names_the_nearest() -> None:
    """The environment is checked like the file."""
    assert "did you mean POSTHOUSE_HTTP_PORT?" in refusal(environ={"POSTHOUSE_HTTP_PROT": "1"})


def test_variables_that_are_no_settings_are_left_alone() -> None:
    """What Kubernetes makes for a service named posthouse, and what tests use, does not stop the start."""
    environ = {
        "POSTHOUSE_PORT": "tcp://10.0.0.1:80",
        "POSTHOUSE_PORT_80_TCP_ADDR": "10.0.0.1",
        "POSTHOUSE_SERVICE_HOST": "10.0.0.1",
        "POSTHOUSE_TEST_DATABASE": "x",
        "PATH": "/bin",
    }
    assert load(environ=environ).settings == Settings()


@pytest.mark.parametrize(
    ("path", "word", "advice"),
    [
        ("http.port", "eighty", "a whole number from 0 to 65535"),
        ("http.port", "70000", "a whole number from 0 to 65535"),
        ("log.format", "xml", "one of auto, json, human"),
        ("log.show_addresses", "maybe", "true or false"),
        ("dispatch.retry_factor", "0.5", "a number from 1.0 to 10.0"),
    ],
)
def test_ill_typed_value_says_what_to_write(path: str, word: str, advice: str) -> None:
    """The message names the setting, the variable and the right kind of value."""
    variable = "POSTHOUSE_" + path.replace(".", "_").upper()
    said = refusal(environ={variable: word})
    assert path in said
    assert variable in said
    assert advice in said


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Nobody mends one line to be told of the next."""
    write(tmp_path, 'colour = "red"\n[http]\nport = "x"\n')
    said = refusal(data=tmp_path, environ={"POSTHOUSE_LOG_LEVEL": "loud"})
    assert all(name in said for name in ("colour", "http.port", "log.level"))


def test_a_string_in_the_file_is_no_number(tmp_path: Path) -> None:
    """TOML has types: quotes around a number are a mistake worth telling."""
    write(tmp_path, '[http]\nport = "8025"\n')
    assert "write a whole number" in refusal(data=tmp_path)


def test_lists_in_variables_are_written_with_commas() -> None:
    """One variable can hold several networks."""
    loaded = load(environ={"POSTHOUSE_HTTP_TRUSTED_PROXIES": "10.0.0.0/8, 127.0.0.1/32"})
    assert loaded.settings.http.trusted_proxies == ("10.0.0.0/8", "127.0.0.1/32")


@pytest.mark.parametrize("word", ["nonsense", "10.0.0.0/40", "10.0.0.1/8"])
def test_what_is_no_network_is_told_at_the_start(tmp_path: Path, word: str) -> None:
    """Not by the first process that needs it."""
    write(tmp_path, f'[webhooks]\nallow_networks = ["10.1.0.0/16", "{word}"]\n')
    said = refusal(data=tmp_path, environ={"POSTHOUSE_HTTP_TRUSTED_PROXIES": word})
    assert f"{word!r} is no network" in said
    assert all(name in said for name in ("webhooks.allow_networks", "http.trusted_proxies"))


def test_a_secret_is_never_repeated_in_a_refusal() -> None:
    """A mistyped database address may hold a password."""
    assert "hunter2" not in refusal(environ={"POSTHOUSE_DATABASE": "postgrsql://u:hunter2@h/d"})


def test_a_losing_store_must_be_asked_for_loudly() -> None:
    """synchronous=normal loses acknowledged messages: it needs store.unsafe as well."""
    assert "store.unsafe" in refusal(environ={"POSTHOUSE_STORE_SYNCHRONOUS": "normal"})
    both = {"POSTHOUSE_STORE_SYNCHRONOUS": "normal", "POSTHOUSE_STORE_UNSAFE": "true"}
    assert load(environ=both).settings.store.synchronous == "normal"


def test_missing_config_file_is_told(tmp_path: Path) -> None:
    """A file that was named must be there."""
    assert "there is no settings file" in refusal(config=tmp_path / "nothing.toml")


def test_broken_toml_is_told_with_its_line(tmp_path: Path) -> None:
    """Where the file is broken is said."""
    write(tmp_path, "[http\nport = 1\n")
    assert "line 1" in refusal(data=tmp_path)


def test_every_setting_is_documented_and_has_its_own_variable() -> None:
    """Each has a description, and no two share a variable."""
    settings = all_settings()
    assert all(len(setting.description) > 10 for setting in settings)
    assert len({setting.variable for setting in settings}) == len(settings)


@given(st.dictionaries(st.sampled_from([setting.variable for setting in all_settings()]), st.text(max_size=20)))
def test_no_environment_can_crash_the_start(environ: dict[str, str]) -> None:
    """Whatever stands in the variables: settings, or a refusal in words."""
    with contextlib.suppress(SettingsError):
        load(environ={**environ, "POSTHOUSE_DATA": "nowhere"})
