"""Errors of the registry. Each class's docstring is its message and says the remedy."""

from __future__ import annotations

from typing import Self

from samdrift_evaluation.errors import SamdriftError


class RegistryError(SamdriftError):
    """The registry cannot do what it was asked. Look at the log of the process that said so."""

    @classmethod
    def about(cls, subject: str) -> Self:
        """The class's own message, with the thing it is about in front."""
        return cls(f"{subject}: {(cls.__doc__ or '').strip()}")


class MlflowUnavailableError(RegistryError):
    """MLflow does not answer. Check the tracking URI (`SAMDRIFT_MLFLOW_URL`); what was verified before still serves."""

    status = 503


class KeyExposedError(RegistryError):
    """Others than its owner can read the signing key. Withdraw its public key, or `chmod 600` it if nobody did."""


class KeyUnreadableError(RegistryError):
    """This is not an Ed25519 key as Samdrift writes it. Restore the keys folder from a backup."""


class ManifestMissingError(RegistryError):
    """This version has no signed manifest. `samdrift models list` shows which have, `samdrift status` why not."""

    status = 404


class MemoryUnreadableError(RegistryError):
    """What the last scan saw cannot be read. Move the file away; the next scan learns it again, without comparing."""


class ModelFolderError(RegistryError):
    """A model's folder holds `model.safetensors` or `model.skops`, `model.json` and `card.md`. Add what is missing."""

    status = 422


class OtherKindError(RegistryError):
    """The version holds a model of another kind than is loaded here. Register one of the right kind."""

    status = 422


class OutOfSpaceError(RegistryError):
    """The disk of Samdrift's home is full or read-only. Make room; the next scan goes on where this one stopped."""

    status = 503


class NameNotAllowedError(RegistryError):
    """A model's name has letters, digits, `.`, `_` and `-`, and begins with a letter or digit. Choose another."""

    status = 422


class NotAcceptedError(RegistryError):
    """This version cannot be taken in. Register a version that can."""


class ReusedVersionError(NotAcceptedError):
    """MLflow lists this version with another origin than the one that was signed. Register a new version."""


class UnreadableArtefactError(NotAcceptedError):
    """The artefacts of this version cannot be read. Check that they exist where the source says, and may be read."""


class TooLargeError(NotAcceptedError):
    """The version is larger than the limits of a scan. Log fewer or smaller files, or raise the limits."""


class ForeignSourceError(NotAcceptedError):
    """The source is a folder of this machine that MLflow may not name. Log the files as artefacts of a run."""


class VerificationError(RegistryError):
    """The files are not what was signed, so nothing is loaded. Do not serve them; find out who changed them."""

    status = 409


class ManifestUnreadableError(VerificationError):
    """The manifest is not what Samdrift writes, byte for byte. Restore it from a backup, or register a new version."""


class MisplacedManifestError(VerificationError):
    """The manifest was signed for another name or version. Put it back, or restore it from a backup."""


class UnknownKeyError(VerificationError):
    """The manifest is signed by a key that is not trusted here. Trust the key only if you know who holds it."""


class BadSignatureError(VerificationError):
    """The signature does not fit the manifest: one of them was edited. Restore both from a backup."""


class StatementUnreadableError(VerificationError):
    """This is not a statement as Samdrift signs it, byte for byte: it was edited. Restore the ledger from a backup."""


class BrokenSequenceError(VerificationError):
    """The record of what was deployed has a gap or a repetition: it was edited. Restore the ledger from a backup."""


class NotProvenError(VerificationError):
    """The evidence for this version is not complete, so it is not served. The message says what is missing."""


class TransitionError(RegistryError):
    """A version in this state cannot do that. `samdrift models show NAME VERSION` shows state and reasons."""

    status = 409


class VersionUnknownError(RegistryError):
    """Nothing was stated about this version. Log it with MLflow; the registry finds it within seconds."""

    status = 404


class NotAllowedError(RegistryError):
    """This person's roles do not allow that. Somebody who has the role must do it, or the operator must appoint."""

    status = 403


class JournalBrokenError(VerificationError):
    """The journal of statements and the audit chain disagree: a statement was removed, put in or moved. Restore it."""


class WrongDigestError(VerificationError):
    """The digest is not that of the listed files. Pin the digest that the manifest gives, if you trust it."""


class ChangedFileError(VerificationError):
    """The file's content is not what was signed. Restore the model's folder from a backup or from MLflow."""


class MissingFileError(VerificationError):
    """A signed file is not there. Restore the model's folder from a backup or from MLflow."""


class ExtraFileError(VerificationError):
    """A file is there that was not signed. Remove it after finding out who put it there."""


class EscapingPathError(VerificationError):
    """The path is a link or leads out of the model's folder. Log the file itself, inside the folder."""


class UnprintableNameError(VerificationError):
    """The file's name cannot be printed. Give it a plain name and log the model again."""


class DisguisedFileError(VerificationError):
    """The file is not what its name says, so nobody can tell what loading it would do. Log the model again."""


class ExpiredKeyError(VerificationError):
    """The key that signed this is past its end. `samdrift keys rotate` makes a new one that signs everything again."""


class UntrustedTypeError(VerificationError):
    """Loading that could run code that nobody vouched for. Use a kind of model on the platform's list."""


class ForbiddenFormatError(VerificationError):
    """Files of this kind can run code when they are loaded. Save the numbers as safetensors, the rest as JSON."""
