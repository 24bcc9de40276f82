"""What is sold and what people write on an order: plain data, used by the seed and by live demo traffic."""


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in text.split("\n\n"))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


MATERIALS = (
    "Oak",
    "Birch",
    "Brass",
    "Steel",
    "Linen",
    "Wool",
    "Ceramic",
    "Glass",
    "Titanium",
    "Copper",
    "Cork",
    "Walnut",
    "Canvas",
    "Leather",
    "Bamboo",
    "Slate",
    "Nickel",
    "Hemp",
    "Café",
    "Azulejo",
)
THINGS = (
    "Shelf",
    "Lamp",
    "Gauge",
    "Valve",
    "Chair",
    "Table",
    "Kettle",
    "Crate",
    "Bracket",
    "Mirror",
    "Notebook",
    "Satchel",
    "Clamp",
    "Compass",
    "Bowl",
    "Hinge",
    "Tripod",
    "Planter",
    "Trivet",
    "Bellows",
    "Door Handle",
    "Carafe",
    "Étagère",
    "Bread Tin",
    "Drill Stand",
)
STYLES = (
    "Classic",
    "No. 7",
    "Mk II",
    "Pro",
    "Mini",
    "XL",
    "Série Noire",
    "Heritage",
    "Ångström",
    "Nordic",
    "Förster",
    "Compact",
    "Twin",
    "O'Hara",
    "Studio",
    "Field",
    "Über",
    "Piñata",
)
FINISHES = (
    "matt black",
    "natural",
    "sea green",
    "ivory",
    "anthracite",
    "off-white",
    "crème brûlée",
    "raw",
    "brushed",
    "deep blue",
)

SENTENCES = _lines(
    """
    Call before delivery.
    Leave at reception.
    Gift wrap, please.
    Ring twice, the bell is faint.
    Customer's own carrier collects.
    Don't stack the pallets.
    Invoice goes to head office.
    Deliver to the back door.
    Confirmed by phone with {name}.
    {name} will sign for it.
    Ask for {name} at the gate.
    Part delivery is fine.
    No deliveries on {day}.
    Wanted by {day} at noon.
    PO {number}, cost centre {short}.
    Replaces order {number}.
    Same as last month's order.
    Fragile: handle with care.
    Second attempt, nobody was in.
    Price agreed with {name}.
    It's urgent; the line stands still.
    Please don't ship before {day}.
    Laisser chez le gardien, s'il vous plaît.
    Livraison à l'arrière, code {short}.
    Appeler {name} avant la livraison.
    Bitte beim Nachbarn abgeben.
    Lieferung nur vormittags, Tor {short}.
    Rückfrage an {name}, größere Kartons.
    Entregar después de las {short}.
    Llamar al señor Muñoz mañana.
    Consegnare al piano terra, perché l'ascensore è guasto.
    Entregar na portaria, não há elevador.
    Proszę dzwonić do drzwi.
    Lämna vid grinden, tack så mycket.
    Prosím, zavolejte předem.
    Lütfen kapıda bekleyin.
    """
)
"""Short on purpose: most notes are one of these.

``{name}`` is a person, ``{day}`` a weekday, ``{number}`` five digits, ``{short}`` two.
"""

LONG_SENTENCES = _paragraphs(
    """
    The unloading bay is behind the bakery; lorries over 7.5 tonnes can't turn there, so please send something
    smaller.

    We spoke with {name} on {day} and agreed that the crates travel upright, strapped, and never two on top of
    one another.

    As before, the certificate of origin has to be in the box and not in the e-mail, otherwise customs keep it
    for a week.

    Half of it goes to the site in Saint-Étienne, the rest stays with us until the fitters have finished the
    ground floor.

    If item two isn't in stock, don't hold back the others: ship what's there and let us know when the
    remainder will follow.

    {name} noticed that the last batch was a touch darker than the sample, and would like to see a swatch
    first.

    Die Spedition möge sich bitte eine Stunde vorher melden, da die Straße wegen der Bauarbeiten nur einseitig
    befahrbar ist.

    Le client préfère être livré en début d'après-midi, l'accès étant fermé à clé jusqu'à treize heures
    trente.

    Reference {number} has been credited by mistake; please set it off against this one rather than paying it
    out.

    Our new address isn't on the maps yet: take the second left after the chapel, then it's the blue gate with
    the number {short}.

    El pedido anterior llegó con dos piezas dañadas, así que esta vez pedimos que el embalaje sea más sólido.

    Nothing of this may be substituted without a written word from {name}, who's on leave until {day}.
    """
)
EMOJI = ("🙂", "🚚", "🎁", "❤️", "🙏")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
