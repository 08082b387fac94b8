"""The sentences of the findings in Danish and English: what happened, and what a person can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from samdrift_energy_forecast.quality.finding import Finding

Language: TypeAlias = Literal["da", "en"]


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A finding in words; `{name}` is filled from the verdict's facts."""

    da: str
    en: str
    remedy_da: str
    remedy_en: str

    def says(self, language: Language) -> str:
        """What was found."""
        return self.da if language == "da" else self.en

    def remedy(self, language: Language) -> str:
        """What a person can do."""
        return self.remedy_da if language == "da" else self.remedy_en


SENTENCES: Mapping[Finding, Sentence] = {
    Finding.UNREADABLE_STAMP: Sentence(
        da="Tidspunktet kan ikke læses.",
        en="The stamp cannot be read.",
        remedy_da="Skriv tider som 2026-01-05T07:00:00Z (ISO 8601).",
        remedy_en="Write times as 2026-01-05T07:00:00Z (ISO 8601).",
    ),
    Finding.NAIVE_STAMP: Sentence(
        da="Tidspunktet har ingen tidszone, så en time ved skift til sommertid er tvetydig.",
        en="The stamp has no time zone, so an hour at the change of summer time is ambiguous.",
        remedy_da="Afslut tidspunktet med Z, eller oplys målerens tidszone.",
        remedy_en="End the stamp with Z, or name the meter's time zone.",
    ),
    Finding.SKIPPED_LOCAL_HOUR: Sentence(
        da="Den lokale time findes ikke: uret stilles frem.",
        en="The local hour does not exist: the clock goes forward.",
        remedy_da="Undersøg, om måleren skriver vintertid eller UTC året rundt, og ret målerens tidszone.",
        remedy_en="Ask whether the meter writes winter time or UTC all year, and correct the meter's time zone.",
    ),
    Finding.DOUBLED_LOCAL_HOUR: Sentence(
        da="Den lokale time findes to gange, og rækkerne viser ikke hvilken af dem der er ment.",
        en="The local hour comes twice, and the rows do not say which of the two is meant.",
        remedy_da="Skriv tiden med forskydning, for eksempel +02:00.",
        remedy_en="Write the stamp with its offset, such as +02:00.",
    ),
    Finding.STRAY_STAMP: Sentence(
        da="Tidspunktet ligger mere end ti år fra de øvrige.",
        en="The stamp lies more than ten years from the others.",
        remedy_da="Undersøg årstallet og dataloggerens ur.",
        remedy_en="Look at the year, and at the data logger's clock.",
    ),
    Finding.OFF_GRID_STAMP: Sentence(
        da="Tidspunktet ligger uden for det mønster på {step_min} minutter, som måleren ellers følger.",
        en="The stamp lies beside the grid of {step_min} minutes that the meter follows otherwise.",
        remedy_da="Undersøg dataloggerens ur.",
        remedy_en="Look at the data logger's clock.",
    ),
    Finding.UNREADABLE_VALUE: Sentence(
        da="Værdien er ikke et tal, som en måler viser.",
        en="The value is not a number that a meter shows.",
        remedy_da="Lad cellen være tom, hvor måleren intet har vist.",
        remedy_en="Leave the cell empty where the meter showed nothing.",
    ),
    Finding.REPEATED: Sentence(
        da="Samme tidspunkt og værdi findes flere gange; de tæller én gang.",
        en="The same stamp and value are there several times; they count once.",
        remedy_da="Intet haster: undersøg, hvorfor eksporten gentager sig.",
        remedy_en="Nothing is urgent: ask why the export repeats itself.",
    ),
    Finding.CONFLICTING: Sentence(
        da="Samme tidspunkt findes med forskellige værdier ({values}); ingen af dem bruges.",
        en="The same stamp is there with different values ({values}); none of them is used.",
        remedy_da="Send den rigtige værdi alene.",
        remedy_en="Send the right value alone.",
    ),
    Finding.GAP: Sentence(
        da="Der mangler målinger.",
        en="Readings are missing.",
        remedy_da="Hent dem fra måleren, hvis den gemmer dem.",
        remedy_en="Fetch them from the meter, if it keeps them.",
    ),
    Finding.NEGATIVE: Sentence(
        da="Målingen er negativ; en varmemåler løber ikke baglæns.",
        en="The reading is negative; a heat meter does not run backwards.",
        remedy_da="Undersøg, om tælleren er nulstillet eller måleren udskiftet.",
        remedy_en="Look for a counter reset or an exchanged meter.",
    ),
    Finding.SPIKE: Sentence(
        da="Værdien er {ratio} gange så høj som de højeste, måleren ellers viser ({high_kwh} kWh).",
        en="The value is {ratio} times as high as the highest that the meter shows otherwise ({high_kwh} kWh).",
        remedy_da="Undersøg, om måleren eller dataloggeren er blevet genstartet.",
        remedy_en="Ask whether the meter or the data logger was restarted.",
    ),
    Finding.CATCH_UP: Sentence(
        da="Forbruget fra {missed_h} manglende timer er ført i én time.",
        en="The consumption of {missed_h} missed hours is booked in one hour.",
        remedy_da="Hent de enkelte timer fra måleren, hvis den gemmer dem.",
        remedy_en="Fetch the single hours from the meter, if it keeps them.",
    ),
    Finding.FROZEN: Sentence(
        da="Måleren viser {value_kwh} kWh i {hours} timer i træk.",
        en="The meter shows {value_kwh} kWh for {hours} hours in a row.",
        remedy_da="Undersøg, om værdier er gentaget eller udfyldt, mens måleren ikke svarede.",
        remedy_en="Ask whether values were repeated or filled in while the meter did not answer.",
    ),
    Finding.ZERO_AS_MISSING: Sentence(
        da="Måleren viser 0, hvor de samme timer dagene omkring viser omkring {typical_kwh} kWh.",
        en="The meter shows 0 where the same hours of the days around show about {typical_kwh} kWh.",
        remedy_da="Få manglende værdier eksporteret som tomme celler.",
        remedy_en="Have missing values exported as empty cells.",
    ),
    Finding.DEAD: Sentence(
        da="Måleren viser 0 i {hours} timer i træk mellem november og marts.",
        en="The meter shows 0 for {hours} hours in a row between November and March.",
        remedy_da="Undersøg, om måleren virker, eller om bygningen har været lukket ned.",
        remedy_en="Look whether the meter is alive, or whether the building was shut down.",
    ),
    Finding.UNIT_CHANGE: Sentence(
        da="Værdierne er omkring {factor} gange de øvrige: en anden enhed.",
        en="The values are about {factor} times the others: another unit.",
        remedy_da="Find ud af, hvornår enheden skiftede, og send værdierne i én enhed.",
        remedy_en="Find out when the unit changed, and send the values in one unit.",
    ),
    Finding.LEVEL_CHANGE: Sentence(
        da="Fra {since} viser måleren omkring {factor} gange så meget som før i samme vejr.",
        en="From {since} on the meter shows about {factor} times as much as before in the same weather.",
        remedy_da="Undersøg, om måleren, dens impulstal eller enhed er skiftet, eller om bygningen bruges anderledes.",
        remedy_en="Ask whether the meter, its pulse constant or its unit was changed, or the building's use.",
    ),
    Finding.COUNTER_RESET: Sentence(
        da="Tælleren faldt fra {before} til {after}: den er nulstillet.",
        en="The counter fell from {before} to {after}: it was reset.",
        remedy_da="Notér nulstillingen; forbruget i timen kendes ikke.",
        remedy_en="Note the reset; the consumption of the hour is not known.",
    ),
    Finding.ROLL_OVER: Sentence(
        da="Tælleren faldt fra {before} til {after}, nær enden af sine cifre ({end}).",
        en="The counter fell from {before} to {after}, near the end of its digits ({end}).",
        remedy_da="Angiv i bygningens fil, hvor tælleren begynder forfra (rolls_over_at), så tælles timen med.",
        remedy_en="Say in the building's file where the counter begins again (rolls_over_at), and the hour counts.",
    ),
    Finding.METER_EXCHANGED: Sentence(
        da="Tælleren gik fra {before} til {after} og fortsatte derfra: måleren er skiftet.",
        en="The counter went from {before} to {after} and on from there: the meter was exchanged.",
        remedy_da="Notér skiftet, og kontrollér den nye målers enhed.",
        remedy_en="Note the exchange, and check the new meter's unit.",
    ),
    Finding.COUNTER_OUTLIER: Sentence(
        da="Én tællerstand ({value}) ligger ved siden af de øvrige.",
        en="One counter reading ({value}) lies beside the others.",
        remedy_da="Undersøg overførslen; forbruget før og efter kendes kun samlet.",
        remedy_en="Look at the transmission; the consumption before and after is known only together.",
    ),
    Finding.COARSE_READINGS: Sentence(
        da="Der er typisk {step_h} timer mellem målingerne; de er fordelt jævnt og siger intet om de enkelte timer.",
        en="Readings are typically {step_h} hours apart; they are spread evenly and say nothing of single hours.",
        remedy_da="Få måleren aflæst hver time; varmeplaner kræver det.",
        remedy_en="Have the meter read every hour; heating plans need it.",
    ),
    Finding.SCALED_COPY: Sentence(
        da="Serien er {factor} gange måleren {of} (korrelation {correlation}).",
        en="The series is {factor} times the meter {of} (correlation {correlation}).",
        remedy_da="Regn kun med {of}; find ud af, hvordan forbruget er fordelt.",
        remedy_en="Count {of} alone; find out how its consumption was apportioned.",
    ),
    Finding.WRONG_TIME_ZONE: Sentence(
        da="Tidspunkterne ({named}) passer ikke med uret i {zone}: {evidence_da}.",
        en="The stamps ({named}) do not fit the clock of {zone}: {evidence_en}.",
        remedy_da="Ret tidszonen i bygningens fil, medmindre varmens eget ur ikke kender sommertid.",
        remedy_en="Correct the time zone in the building's file, unless the heating's own clock ignores summer time.",
    ),
    Finding.STAMP_EDGE: Sentence(
        da="Varmen stiger kl. {seen}, men den faste plan siger {planned}: start og slut på timen er måske byttet om.",
        en="Heat rises at {seen}, but the fixed plan says {planned}: start and end of the hour may be mixed up.",
        remedy_da="Undersøg, om tidspunktet er timens start eller slut, og ret bygningens fil (stamp).",
        remedy_en="Ask whether a stamp is the start or the end of its hour, and correct the building's file (stamp).",
    ),
    Finding.IMPOSSIBLE_ROOM: Sentence(
        da="Rumtemperaturen er {value_c} °C; det har intet rum.",
        en="The room temperature is {value_c} °C; no room has that.",
        remedy_da="Undersøg føleren: 85, -127 og 0 er typiske fejlværdier.",
        remedy_en="Look at the sensor: 85, -127 and 0 are typical error values.",
    ),
}
