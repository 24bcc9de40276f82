"""People, firms and places as they are really spelt: accents, apostrophes, hyphens, short ones and long ones.

Plain data. Each ``Locale`` belongs together, so that a customer's name, town and country agree.
"""

from dataclasses import dataclass


def _split(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in text.split(","))


@dataclass(frozen=True, slots=True)
class Locale:
    """One country's names.

    ``firms`` are patterns over ``{family}``, ``{other}`` and ``{city}``; ``weight``: its share of customers.
    """

    country: str
    weight: int
    given: tuple[str, ...]
    family: tuple[str, ...]
    cities: tuple[str, ...]
    firms: tuple[str, ...]


def _locale(country: str, weight: int, given: str, family: str, cities: str, firms: str) -> Locale:
    return Locale(country, weight, _split(given), _split(family), _split(cities), _split(firms))


LOCALES = (
    _locale(
        "FR",
        14,
        """
        Zoé, Éloïse, François, Jean-Luc, Marie-Hélène, Anaïs, Raphaël, Noémie, Étienne, Gaëlle, Théo, Chloé, Benoît,
        Aurélie, Maël, Inès, Loïc, Solène
        """,
        """
        Dupont, Lefèvre, L'Hôpital, D'Alembert, Beauséjour, Saint-Exupéry, Gauthier, Béranger, N'Diaye, Le Goff,
        Château-Renault, Moreau, Pélissier, Roux, De La Fontaine, Guérin, Hébert, Çelik-Martin, Brûlé, Ozanne
        """,
        "Paris, Lyon, Saint-Étienne, Besançon, Orléans, L'Haÿ-les-Roses, Nîmes, Aix-en-Provence, Évreux, Strasbourg",
        """
        L'Atelier {family}, Établissements {family} & Fils, {family} SARL, Boulangerie de {city}, Société générale
        d'outillage {family}-{other}
        """,
    ),
    _locale(
        "DE",
        15,
        """
        Jürgen, Käthe, Björn, Günther, Sören, Anneliese, Hans-Peter, Karl-Heinz, Jörg, Ulrike, Matthias, Lena, Götz,
        Heike, Felix, Mareike, Rüdiger
        """,
        """
        Müller, Schäfer, Groß, Weiß, Böhm, Krüger, von der Leyen-Brandt, Schröder, Größl, Jäger, Köhler, Weißmüller,
        Fuchs, Lang, Vogel, Hölderlin, Meyer-Landrut, Straßburger, Zöllner, Überreiter
        """,
        """
        Berlin, München, Köln, Düsseldorf, Würzburg, Göttingen, Lübeck, Saarbrücken, Mönchengladbach, Gießen,
        Leipzig
        """,
        """
        {family} & Söhne GmbH, {family} Maschinenbau AG, {family} + {other} GbR, Bäckerei {family}, Gesellschaft für
        Förder- und Lagertechnik {family} & {other} mbH & Co. KG
        """,
    ),
    _locale(
        "GB",
        13,
        """
        Oliver, Siân, Niamh, Aoife, Rhys, Amelia, Harriet, Callum, Imogen, Zoë, Mary-Kate, Ffion, Ewan, Priya,
        Tariq, Grace, Alasdair, Renée
        """,
        """
        O'Connor, O'Neill, Smith, MacLeod, St. John-Smythe, Llewellyn, D'Arcy, Fitzgerald, Okafor, Patel,
        Featherstonehaugh, Wright, Brontë, Ap Rhys, Armstrong-Jones, Khan, Sinclair, Hughes, O'Shaughnessy, Li
        """,
        """
        London, Bristol, Stratford-upon-Avon, Bury St Edmunds, King's Lynn, Edinburgh, Newcastle upon Tyne,
        Llanfairpwllgwyngyll, Leeds, Belfast
        """,
        """
        {family} & Sons Ltd, {family}'s Provisions, The {city} Trading Company, {family} {other} LLP, Worshipful
        Guild of Instrument Makers of {city} and District
        """,
    ),
    _locale(
        "ES",
        9,
        """
        José María, Begoña, Íñigo, Nuria, Ángel, María del Carmen, Sofía, Joaquín, Núria, Raúl, Lucía, Andrés,
        Montserrat, Óscar, Belén
        """,
        """
        García Márquez, Núñez, Muñoz, Ibáñez de la Vega, Peña, Rodríguez, D'Ors, López-Ibarra, Güell, Fernández,
        Zúñiga, Castaño, Sáenz, Vázquez, Urrutia
        """,
        "Madrid, Málaga, A Coruña, Cáceres, Logroño, San Sebastián, L'Hospitalet, León, Almería",
        "Hermanos {family} S.L., Almacenes {family}, Cerámicas {city} S.A., {family} y {other} Asociados",
    ),
    _locale(
        "IT",
        8,
        """
        Niccolò, Andrea, Giulia, Gian-Marco, Desirée, Alessandra, Noè, Ludovica, Matteo, Beatrice, Raffaele, Maria
        Pia, Cosimo
        """,
        """
        D'Angelo, Dell'Acqua, De Sanctis, Rossi, Lo Cascio, Nicolò, Dall'Oglio, Bianchi, Ferrari, Della Robbia,
        Calabrò, Conti, Pennacchia, Russo
        """,
        "Roma, Forlì, L'Aquila, Milano, Cantù, Reggio nell'Emilia, Sant'Agata, Bologna, Torino",
        "Fratelli {family} S.r.l., Officina {family}, Cantine {family} dal 1897, {family} & {other} S.p.A.",
    ),
    _locale(
        "PL",
        6,
        """
        Łukasz, Małgorzata, Żaneta, Paweł, Świętosława, Grzegorz, Agnieszka, Józef, Kinga, Wojciech, Zdzisław,
        Bożena
        """,
        """
        Wałęsa, Świątek, Kowalski, Dąbrowski, Źródlak, Wiśniewska-Nowak, Łoś, Szczęsny, Brzęczyszczykiewicz, Żak,
        Wójcik, Gołąb
        """,
        "Łódź, Kraków, Gdańsk, Wrocław, Poznań, Częstochowa, Świnoujście",
        "{family} i Wspólnicy Sp. z o.o., Zakład Mechaniczny {family}, Hurtownia {city}",
    ),
    _locale(
        "SE",
        5,
        "Åsa, Björn, Märta, Göran, Élise, Östen, Linnéa, Håkan, Maj-Britt, Nils, Tuva",
        "Ångström, Öberg, Sjöström, Lindqvist, Åkesson, Hägg, Nordenskiöld, Strömbäck, Ek, Bergman, von Döbeln",
        "Malmö, Göteborg, Umeå, Örebro, Västerås, Jönköping, Stockholm",
        "{family}s Snickeri AB, {family} & {other} HB, Nordiska Måttverktyg i {city} AB",
    ),
    _locale(
        "CZ",
        4,
        "Jiří, Kateřina, Ondřej, Štěpán, Žofie, Bořivoj, Tereza, Matěj, Růžena",
        "Dvořák, Novotná, Růžička, Šťastný, Čapek, Říha, Kučerová, Žižka, Jež",
        "Brno, Plzeň, České Budějovice, Ústí nad Labem, Třebíč, Praha",
        "{family} a syn s.r.o., Sklárna {city} a.s., Strojírny {family}",
    ),
    _locale(
        "TR",
        4,
        "Çağla, İsmail, Gökçe, Şebnem, Ömer, Ümit, Tuğçe, Işıl, Barış, Yağmur",
        "Yılmaz, Öztürk, Şahin, Güneş, Çelik, Kılıç, Doğan, Büyükgökçesu, Aydın, Er",
        "İstanbul, İzmir, Eskişehir, Diyarbakır, Muğla, Şanlıurfa",
        "{family} Ticaret A.Ş., {family} Kardeşler, {city} Tekstil Ltd. Şti.",
    ),
    _locale(
        "VN",
        3,
        "Thị Ánh, Văn Đức, Minh Châu, Quốc Bảo, Thị Hồng Nhung, Phương Thảo, Hữu Nghĩa, Ngọc",
        "Nguyễn, Trần, Lê, Phạm, Đặng, Võ, Huỳnh, Bùi",
        "Hà Nội, Đà Nẵng, Cần Thơ, Huế, Hải Phòng",
        "Công ty TNHH {family} {other}, Xưởng gỗ {city}",
    ),
    _locale(
        "PT",
        5,
        "João, Conceição, Inês, António, Luísa, Gonçalo, Estêvão, Leonor, Simão, Maria João",
        "Gonçalves, d'Orey, Araújo, Magalhães, Simões, Corte-Real, Falcão, Sá, Mendonça e Moura, Brandão",
        "Lisboa, Évora, Setúbal, Guimarães, Póvoa de Varzim, São João da Madeira",
        "Irmãos {family} Lda., Conservas de {city}, {family} & {other} Comércio de Máquinas",
    ),
    _locale(
        "US",
        14,
        """
        Emily, DeShawn, María José, Mary Ann, Tyler, Renée, Hunter, Mei-Ling, La'Keisha, Joaquin, Sophia,
        Jean-Baptiste, Noah, Aaliyah, Chidi, Kaʻimi
        """,
        """
        Johnson, O'Brien, Smith-Rodriguez, Nguyen, McAllister, D'Agostino, Washington, Peña-Ortiz, Van der Berg, Wu,
        Kealoha, Goldberg, Te'o, Hernández, Wolfeschlegelsteinhausenbergerdorff, Ng
        """,
        "New York, Coeur d'Alene, Saint Paul, San José, Winston-Salem, O'Fallon, Portland, Española, Austin",
        """
        {family} Hardware Inc., {family} & {other} LLC, {city} Robotics Corp., {family} Bros. Orchards, {family}
        {other} International Procurement and Logistics Holdings of {city}
        """,
    ),
)

STAFF = (
    ("Zoë", "Achterberg"),
    ("Mateus", "Conceição"),
    ("Siobhán", "O'Dwyer"),
    ("Tomáš", "Černý"),
    ("Amélie", "Lefèvre-Roy"),
    ("Jamal", "Okonkwo"),
    ("Ingrid", "Bjørnstad"),
    ("Lucía", "Ibáñez"),
    ("Stanisław", "Żuk"),
    ("Aylin", "Güneş"),
    ("Priya", "Raghunathan"),
    ("Niccolò", "D'Amico"),
    ("Thảo", "Nguyễn"),
    ("Heiðrún", "Sæmundsdóttir"),
    ("Kwame", "Mensah"),
    ("Käthe", "Großmann"),
    ("Rhys", "Llewelyn"),
    ("Mei", "Tanaka"),
    ("Anne-Sophie", "van 't Hoff"),
    ("Viktor", "Nordenskjöld"),
)
"""The first four stand behind ``admin@``, ``manager@``, ``viewer@`` and ``partner@``; the others work in sales."""

TENANT_NAMES = (
    ("acme", "Acme Instruments"),
    ("globex", "Globex Trading"),
    ("initech", "Initech Systems"),
    ("baltic-timber", "Baltic Timber & Sons"),
    ("cafe-soleil", "Café Soleil Supply"),
    ("delta-optik", "Delta Optik Königsberg"),
    ("estrela", "Estrela do Mar"),
    ("fjordline", "Fjordline Outfitters"),
    ("granite-works", "Granite Works"),
    ("harbourside", "Harbourside Provisions"),
    ("ironbridge", "Ironbridge Tools"),
    ("juniper", "Juniper & O'Malley"),
    ("kestrel", "Kestrel Avionics"),
    ("lumiere", "Lumière Électrique"),
    ("meridian", "Meridian Medical"),
    ("nordlys", "Nordlys Lys og Lampe"),
    ("orchard-lane", "Orchard Lane"),
    ("pampas", "Pampas Cueros"),
    ("quarry-hill", "Quarry Hill Ceramics"),
    ("ravensburg", "Ravensburg Papier"),
)
"""Slug and name; further tenants are named ``tenant-21``, ``tenant-22``, …"""
