"""What servers say in other languages: classes, delays, automatic answers; written by hand after the texts of large mail systems."""

import pytest

from posthouse.channels.email.returned import Kind, Verdict, read_returned
from posthouse.channels.email.returned.tongues import bare

ANN = "ann@kunde.example"

GONE = [
    "Die eingegebene E-Mail-Adresse konnte nicht gefunden werden.",
    "550 Empfänger unbekannt",
    "550 5.1.1 Unbekannter Benutzer",
    "Das Postfach existiert nicht.",
    "L'adresse de messagerie que vous avez entrée est introuvable.",
    "550 5.1.1 Adresse d au moins un destinataire invalide. Destinataire inconnu",
    "L'adresse e-mail du destinataire n'existe pas.",
    "Utilisateur inconnu",
    "No se ha encontrado la dirección de correo electrónico especificada.",
    "550 El usuario no existe",
    "La cuenta de correo es inexistente",
    "Impossibile trovare l'indirizzo di posta elettronica immesso.",
    "550 5.1.1 Utente sconosciuto",
    "La casella non esiste",
    "Não foi possível encontrar o endereço de e-mail digitado.",
    "550 Usuário desconhecido",
    "A conta de e-mail não existe",
    "Пользователь не найден",
    "550 Такой адрес не существует",
    "550 нет такого пользователя",
    "Почтовый ящик получателя удален",
    "アドレスが見つかりません",
    "宛先メールアドレスが存在しません",
    "550 ユーザーが不明です",
    "收件人邮件地址不存在",
    "找不到您输入的电子邮件地址",
    "550 用户不存在",
    "받는 사람을 찾을 수 없습니다",
    "Gebruiker onbekend",
    "Adres nie istnieje",
    "A felhasználó nem létezik",
    "Utilizatorul nu exista",
    "Käyttäjää ei löydy",
    "550 η διεύθυνση του χρήστη δεν υπάρχει",
    "המשתמש לא קיים",
    "المستخدم غير موجود",
]
FULL = [
    "Das Postfach des Empfängers ist voll und kann zurzeit keine Nachrichten annehmen.",
    "552 Speicherplatz des Empfängers überschritten",
    "La boîte aux lettres du destinataire est pleine",
    "552 Quota dépassé",
    "El buzón del destinatario está lleno",
    "Bandeja de entrada del destinatario llena",
    "La cassetta postale del destinatario è piena",
    "A caixa de correio do destinatário está cheia",
    "552 Почтовый ящик получателя переполнен",
    "受信者のメールボックスがいっぱいです",
    "552 容量を超過しました",
    "收件人的邮箱已满",
    "552 对方邮箱空间不足",
    "받는 사람의 메일함이 가득 찼습니다",
    "A postafiók megtelt",
    "Postilaatikko on täynnä",
]


OTHERS = {
    Verdict.BLOCK: [
        "550 Ihre IP-Adresse steht auf einer Sperrliste",
        "550 Die IP-Adresse 192.0.2.1 ist ungültig",
        "550 Votre adresse IP est sur liste noire",
        "550 L'adresse IP 192.0.2.1 n'est pas reconnue",
        "550 Su IP está en una lista negra",
        "550 IP-адрес 192.0.2.1 неизвестен",
        "550 Запрещено: IP 192.0.2.1 в черном списке",
        "550 您的IP被列入黑名单",
        "550 Empfänger hat die Annahme verweigert",
        "550 Der Empfänger nimmt keine Nachrichten von diesem Absender an",
    ],
    Verdict.CONTENT: [
        "554 Nachricht abgelehnt: Spamverdacht",
        "550 5.7.1 Спам: сообщение отклонено",
        "550 邮件内容被判定为垃圾邮件",
        "550 迷惑メールと判定されました",
        "552 Nachricht zu groß",
        "552 Message trop volumineux",
        "554 Fichier joint interdit",
    ],
    Verdict.POLICY: [
        "550 Absender nicht zugelassen",
        "550 Expéditeur non autorisé",
        "550 Domaine de l'expéditeur inexistant",
        "550 Remitente no autorizado",
        "550 Remetente desconhecido",
        "550 Mittente sconosciuto",
        "550 Отправитель неизвестен",
        "550 发件人被拒绝",
        "550 Relais interdit",
    ],
    Verdict.SOFT: [
        "451 Veuillez réessayer plus tard",
        "450 Bitte versuchen Sie es später noch einmal",
        "451 Повторите попытку позже",
    ],
    Verdict.HARD: [
        "550 Konto gesperrt",
        "550 Compte désactivé",
        "550 Cuenta suspendida",
        "550 Conta desativada",
        "550 Account disattivato",
        "550 Аккаунт заблокирован",
        "550 账户已停用",
        "550 アカウントは停止されています",
        "550 계정이 비활성화되었습니다",
    ],
}
"""What is about us or about the mail must not be read as a missing person, nor the other way round."""


def told(words: str, subject: str = "Undelivered Mail Returned to Sender") -> bytes:
    return (
        f"Return-Path: <>\r\nFrom: Mail System <mailer-daemon@mx.example>\r\nTo: bounce@shop.example\r\nSubject: {subject}\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"<{ANN}>:\r\n    {words}\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("words", "verdict"), [*((words, Verdict.HARD) for words in GONE), *((words, Verdict.FULL) for words in FULL)]
)
@pytest.mark.parametrize("accents", [True, False])
def test_the_same_sentence_in_every_language(words: str, verdict: Verdict, accents: bool) -> None:
    """Gone is gone, and full is full, with accents and without."""
    read = read_returned(told(words if accents else bare(words.lower())))
    assert read.kind is Kind.BOUNCE
    assert [(person.address, person.verdict) for person in read.recipients] == [(ANN, verdict)]


@pytest.mark.parametrize(
    ("words", "verdict"), [(words, verdict) for verdict, several in OTHERS.items() for words in several]
)
def test_what_is_about_us_is_not_about_the_person(words: str, verdict: Verdict) -> None:
    """Lists, senders, files, sizes, closed accounts: each in the words of its country."""
    read = read_returned(told(words))
    assert [(person.address, person.verdict) for person in read.recipients] == [(ANN, verdict)]


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("Unzustellbar: Ihre Bestellung", f"Fehler bei der Nachrichtenzustellung an folgende Empfänger: {ANN}"),
        ("Non remis : Votre commande", f"Échec de la remise à ces destinataires ou groupes : {ANN}"),
        ("RE: Votre commande : non remis", f"Votre message n'a pas pu etre delivre a {ANN}"),
        ("No se puede entregar: Su pedido", f"No se pudo entregar el mensaje a estos destinatarios: {ANN}"),
        ("Non recapitabile: ordine", f"Recapito non riuscito per i seguenti destinatari: {ANN}"),
        ("Não é possível entregar: pedido", f"Falha na entrega a estes destinatários: {ANN}"),
        ("Недоставленное сообщение", f"Не удалось доставить сообщение следующим получателям: {ANN}"),  # noqa: RUF001 - Russian
        ("配信不能: ご注文", f"次の受信者への配信に失敗しました: {ANN}"),
        ("退信\uff1a您的订单", f"传递到以下收件人失败\uff1a{ANN}"),
        ("Onbestelbaar: bestelling", f"Uw bericht kon niet worden bezorgd aan {ANN}"),
    ],
)
def test_a_bounce_that_no_server_signed(subject: str, words: str) -> None:
    """From an ordinary address, without codes, in the words of the country: still a bounce about the right person."""
    mail = (
        "From: postmaster.team@kunde.example\r\nTo: bounce@shop.example\r\n"
        f"Subject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
    ).replace("postmaster.team", "it-abteilung")
    read = read_returned(mail.encode())
    if subject.startswith("RE:"):
        assert read.kind in {Kind.NOT_A_REPORT, Kind.BOUNCE}, "a person may quote it"
    else:
        assert read.kind is Kind.BOUNCE
        assert [person.address for person in read.recipients] == [ANN]


@pytest.mark.parametrize(
    "words",
    [
        "Ihre Nachricht wurde noch nicht zugestellt. Es wird weiterhin versucht.",
        "Votre message n'a pas encore été remis.",
        "Il messaggio non è stato ancora consegnato.",
        "Доставка сообщения отложена",
        "配信が遅れています",
    ],
)
def test_not_yet_is_no_bounce(words: str) -> None:
    """It goes on trying."""
    read = read_returned(told(words))
    assert read.kind is Kind.DELAYED
    assert [person.verdict for person in read.recipients] == [Verdict.SOFT]


@pytest.mark.parametrize(
    "subject",
    [
        "Automatische Antwort: Ihre Bestellung",
        "Abwesenheitsnotiz",
        "Réponse automatique : Votre commande",
        "Absence du bureau",
        "Respuesta automática: Su pedido",
        "Fuera de la oficina",
        "Risposta automatica: ordine",
        "Resposta automática: pedido",
        "Автоответ: заказ",
        "Я в отпуске",
        "自動返信: ご注文",
        "不在通知",
        "自动回复\uff1a订单",
        "Afwezig: bestelling",
        "Autosvar",
    ],
)
def test_away_in_every_language(subject: str) -> None:
    """An answer of a person's machine is neither a bounce nor an ordinary mail."""
    mail = (
        f"From: Ann <{ANN}>\r\nTo: bounce@shop.example\r\nSubject: {subject}\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\nBis Montag.\r\n"
    )
    assert read_returned(mail.encode()).kind is Kind.AUTO


def test_the_fields_of_the_message_are_not_the_people_who_failed() -> None:
    """Exchange shows To and Subject of the message before it says who was not reached."""
    text = (
        "Your message\r\n\r\n  To:      list@shop.example\r\n  Subject: Order\r\n  Sent:    Fri, 4 Oct 2002 17:10\r\n\r\n"
        "did not reach the following recipient(s):\r\n\r\n"
        f"c=US;a= ;p=X;o=Y;dda:SMTP={ANN}; on Fri, 4 Oct 2002 17:12\r\n    The recipient name is not recognized\r\n"
    )
    mail = f"From: System Administrator <postmaster@x.example>\r\nSubject: Undeliverable: Order\r\n\r\n{text}".encode()
    read = read_returned(mail)
    assert [(person.address, person.verdict) for person in read.recipients] == [(ANN, Verdict.HARD)]


def test_the_alias_that_was_written_to_is_told() -> None:
    """Sendmail and Exim say from which address another one was made: that is whom we know."""
    for words in ("(expanded from: <sales@shop.example>)", "(generated from sales@shop.example)"):
        mail = told("550 User unknown").replace(f"<{ANN}>:".encode(), f"{ANN}\r\n    {words}".encode())
        (person,) = read_returned(mail).recipients
        assert (person.address, person.person) == (ANN, "sales@shop.example")


def test_a_hidden_address_leaves_the_alias() -> None:
    """Exim may hide where mail is forwarded to; a server's own report is never taken for an automatic answer."""
    text = f"The following address(es) failed:\r\n\r\n  an undisclosed address\r\n    (generated from {ANN})\r\n"
    mail = (
        f"From: Mail Delivery System <Mailer-Daemon@x.example>\r\nSubject: Mail delivery failed\r\n\r\n{text}".encode()
    )
    read = read_returned(mail)
    assert (read.kind, [person.address for person in read.recipients]) == (Kind.BOUNCE, [ANN])


def test_a_report_in_the_wrapping_of_a_gateway() -> None:
    """A scanner sends the report on as an attachment of its own mail: the report inside counts."""
    inner = (
        "From: postmaster@x.example\r\nTo: bounce@shop.example\r\nSubject: Delivery Status Notification (Failure)\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=IN\r\n\r\n"
        "--IN\r\nContent-Type: text/plain\r\n\r\nDelivery to the following recipients failed.\r\n"
        f"--IN\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822;{ANN}\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\n\r\n--IN--\r\n"
    )
    mail = (
        "From: postmaster@x.example\r\nTo: list-bounces@shop.example\r\nSubject: Delivery Status Notification (Failure)\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=OUT\r\n\r\n--OUT\r\n"
        f"Content-Type: message/rfc822\r\n\r\n{inner}\r\n--OUT\r\nContent-Type: text/plain\r\n\r\n"
        "This e-mail is confidential. postmaster@x.example\r\n--OUT--\r\n"
    )
    read = read_returned(mail.encode())
    assert [(person.address, person.verdict) for person in read.recipients] == [(ANN, Verdict.HARD)]


def test_a_warning_about_a_missing_mailbox_is_no_delay() -> None:
    """MDaemon warns that there is no such user: it will not try again."""
    assert read_returned(told("no such user here", f"Warning: {ANN} - User unknown!")).kind is Kind.BOUNCE


def test_a_telephone_number_is_no_reply_code() -> None:
    """480-555-2500 is where to call, not what the server said."""
    (person,) = read_returned(told("The mailbox is full. Call 480-555-2500.")).recipients
    assert (person.code, person.verdict) == (0, Verdict.FULL)
