"""What servers say in other languages than English: the same few sentences, in the words of the large mail systems.

German, French, Spanish, Italian, Portuguese, Dutch, Polish, Czech, Swedish, Danish, Turkish, Russian, Ukrainian, Japanese, Chinese, Korean. Sought in
text without accents (:func:`bare`), as many servers leave them out. Every gap is bounded.
"""

import re
from typing import Final

_ACCENTED: Final = "àáâãäåāąçćčďèéêëēęěìíîïīłñńňòóôõöøōőřśšşťùúûüūůűýÿžźżğıæœß"
_BARE: Final = "aaaaaaaacccdeeeeeeeiiiiilnnnoooooooorssstuuuuuuuyyzzzgiaos"
_WITHOUT: Final = str.maketrans(_ACCENTED, _BARE)


def bare(text: str) -> str:
    """Latin letters in lower case without their accents; other scripts as they are."""
    return text.translate(_WITHOUT)


def _any(*patterns: str) -> str:
    return "|".join(patterns)


def _near(first: str, second: str, gap: int = 60) -> str:
    """One word, then the other within the same sentence."""
    return rf"(?:{first})[^.;\u3002]{{0,{gap}}}(?:{second})"


GONE: Final = _any(
    _near(
        r"\b(?:adresse|e-?mail-?adresse|empfanger\w*|benutzer\w*|postfach|konto)\b",
        r"unbekannt|existiert (?:leider )?nicht|nicht (?:gefunden|vorhanden|bekannt|existent|mehr (?:gultig|aktiv))|ungultig|gibt es nicht",
    ),
    r"(?:unbekannte|ungultige|falsche)\w* (?:empfanger|benutzer|adresse|e-?mail)",
    r"kein(?:en)? (?:solche\w* )?(?:benutzer|empfanger|postfach)\b",
    _near(
        r"\b(?:adresse|utilisateur|destinataire|compte|boite)\b",
        r"inconnue?|introuvable|inexistante?|invalide|non valide|n'existe (?:pas|plus)|n'a pas (?:pu etre|ete) trouve"
        r"|n'est (?:pas|plus) (?:valide|active?|reconnue?)|non recense",
    ),
    _near(
        r"\b(?:usuario|destinatario|cuenta|direccion|buzon|casilla)\b",
        r"desconocid|no existe|inexistente|no (?:es )?valid|no encontrad|no se (?:ha )?(?:encontr|pudo encontrar)|ya no (?:existe|esta)",
    ),
    _near(
        r"no (?:se (?:ha )?(?:encontr\w+|puede encontrar|pudo encontrar)|existe)",
        r"direccion|usuario|destinatario|cuenta|buzon",
        30,
    ),
    _near(
        r"\b(?:utente|destinatario|casella|indirizzo|account)\b",
        r"sconosciut|inesistente|non (?:esiste|valid|trovat|e stato trovato)|errat",
    ),
    _near(r"impossibile trovare", r"indirizzo|destinatario|utente|casella", 30),
    _near(
        r"\b(?:usuario|destinatario|conta|endereco|caixa)\b",
        r"desconhecid|nao (?:existe|encontrad|foi encontrad|e valid)|inexistente|invalid",
    ),
    _near(r"nao foi possivel encontrar", r"endereco|usuario|destinatario", 30),
    _near(r"\b(?:adres|gebruiker|ontvanger|postvak)\b", r"onbekend|bestaat niet|niet gevonden|ongeldig", 50),
    r"onbekende (?:gebruiker|ontvanger)",
    _near(
        r"\b(?:adres|uzytkownik|odbiorca|konto|skrzynka)\b", r"nie istnieje|nieznan|nie (?:zostal\w* )?znaleziono", 50
    ),
    r"nie ma takiego",
    _near(r"\b(?:adresa|uzivatel|prijemce|schranka)\b", r"neexistuje|neznam|nenalezen", 50),
    _near(
        r"\b(?:adressen|anvandaren|mottagaren|brevladan|modtageren|brugeren)\b",
        r"okand|finns inte|hittades inte|findes ikke|blev ikke fundet|ukendt",
        50,
    ),
    _near(r"\b(?:adres|kullanici|alici|posta kutusu)", r"bulunamadi|mevcut degil|gecersiz", 50),
    _near(
        r"(?:адрес|пользовател|получател|ящик|аккаунт|уч[её]тн\w* запис)\w*",
        r"не (?:найден|существует|зарегистрирован|обнаружен)|неизвест|недействител|неверн|удален|отключен|заблокирован",
    ),
    r"(?:нет такого|неизвестн\w+|несуществующ\w+|неверн\w+) (?:пользовател|получател|адрес|ящик)|не удалось найти",
    _near(r"(?:адрес|користувач|одержувач)\w*", r"не (?:знайден|існує)|невідом", 40),
    r"見つかりません|(?:リスト|名簿|一覧|ここ)に(?:は)?ありません|存在し(?:ません|ない)",
    _near("宛先", "不明|エラー|誤り|ありません", 20),
    _near("ユーザ|アドレス|受信者|メールボックス", "不明|無効|ありません", 20),
    r"不存在|地址(?:無效|无效|错误)|查無此人|无此用户",
    _near("找不到", "地址|用户|收件人|郵件|邮箱|邮件", 16),
    _near("用户|收件人|使用者|信箱", "未知|不存在|无效|無效", 10),
    r"찾을 수 없|존재하지 않|없는 (?:사용자|주소|계정)|알 수 없는 (?:사용자|수신자)",
)
"""There is no such mailbox."""

FULL: Final = _any(
    _near(r"\b(?:postfach|mailbox|speicherplatz|kontingent)", r"\bvoll\b|uberfullt|uberschritten|erschopft", 50),
    _near(r"\bboite", r"pleine|saturee", 50),
    _near(r"\bquota\b", r"depasse|atteint|superat", 30),
    _near(r"\bespace\b", r"insuffisant|sature", 30),
    _near(r"\b(?:buzon|bandeja|casilla|cuenta)\b", r"\bllen[ao]\b|excedid|sin espacio", 50),
    _near(r"\bcu?ota\b", r"excedid|superad|ultrapassad", 30),
    _near(r"\b(?:casella|cassetta)\b", r"\bpiena\b", 50),
    _near(r"\bcaixa\b", r"\bcheia\b|lotada", 50),
    _near(r"\bpostvak\b", r"\bvol\b", 40),
    _near(r"\bskrzynka\b", r"pelna|przepelniona", 40),
    _near(r"\bschranka\b", r"plna", 40),
    _near(r"\b(?:brevlada|postkasse)", r"\bful[ld]\b", 40),
    _near(r"kutusu", r"dolu", 40),
    _near(r"(?:ящик|квот|мест)\w*", r"переполнен|заполнен|превыш|недостаточно", 50),
    r"переполнен|переповнен",
    _near("メールボックス", "一杯|いっぱい|満杯|超え|容量", 20),
    _near("容量", "超過|超え|オーバー|不足", 12),
    _near("邮箱|信箱|郵箱|空间|空間|容量", "已满|已滿|满了|不足|超出|超过|超過", 12),
    _near("메일함|사서함|편지함", "가득|초과", 20),
    _near("용량", "초과", 12),
)
"""The mailbox is full."""

NOT_DELIVERED: Final = re.compile(
    _any(
        r"did not reach|could ?n(?:o|')t be (?:delivered|sent)|(?:was|were) (?:not|un)(?: ?able to be)? ?deliver(?:ed|able)",
        r"unable to (?:be )?deliver|not (?:been )?delivered|non-?delivery|undeliver|delivery (?:has |to )[^.]{0,60}fail|delivery failed",
        r"returned to sender|rejected your message|unzustellbar|nachrichtenzustellung",
        _near(r"\bnicht\b", r"zugestellt", 40),
        _near(r"zustellung", r"fehlgeschlagen|gescheitert|nicht moglich", 40),
        r"n'a (?:pas|pu)[^.]{0,20}etre (?:delivre|remis|distribue|transmis)|n'a pas ete (?:delivre|remis|distribue)",
        r"non (?:remis|distribue|delivre)|echec de (?:la )?(?:remise|distribution|livraison)",
        r"no (?:se )?(?:ha )?(?:podido|pudo|puede)[^.]{0,20}(?:entregar|enviar)|no (?:se ha )?(?:sido )?entregado",
        r"non (?:e stato|e possibile|puo essere)[^.]{0,20}(?:consegn|recapit)|mancata consegna|recapito non riuscito",
        r"non (?:recapitabil|consegnat|recapitat)|impossibile (?:consegnare|recapitare)",
        r"nao (?:foi|e|pode ser|pode)[^.]{0,20}entreg|falha na entrega|nao entregue",
        r"kon niet worden (?:bezorgd|afgeleverd)|niet bezorgd|onbestelbaar|nie (?:zostala|mogla zostac) dostarczon|niedostarczon|nedorucen",
        r"kunde inte levereras|kunne ikke leveres|olevererbar|teslim edilemedi",
        r"не (?:удалось|может быть|была?|было)[^.]{0,20}доставл?|не ?доставл|недоставл|не вдалося доставити",
        r"配信(?:に失敗|できません|されませんでした|不能|エラー)|送信(?:できません|に失敗|エラー)|届けることができません|配達(?:できません|不能)",
        r"(?:投递|传递|傳遞|发送|發送|递送|送达)[^\u3002]{0,16}(?:失败|失敗)|(?:无法|無法|未能)(?:投递|送达|傳遞|传递|发送)|未送达|退信",
        r"전송(?:하지 못|에 실패|되지)|배달(?:하지 못|되지|할 수 없)",
    )
)
"""It did not arrive, whatever else is said. Sought in text without accents."""

STILL_TRYING: Final = _any(
    _near(r"\b(?:zustellung|nachricht)\b", r"verzogert|weiterhin versucht|erneut versucht"),
    r"noch nicht zugestellt|wird weiter(?:hin)? versucht",
    _near(r"\b(?:remise|livraison|message)\b", r"(?:retarde|differe)e?\b", 50),
    r"pas encore ete (?:remis|delivre|distribue)",
    _near(r"\bentrega\b", r"retrasada|demorada|atrasada", 40),
    r"aun no se ha (?:podido )?entregad|se seguira intentando",
    _near(r"\bconsegna\b", r"ritardata|in ritardo", 40),
    r"non e (?:stato )?ancora (?:stato )?(?:consegnato|recapitato)|ainda nao foi entregue|continuar\w* tentando",
    _near(r"доставк\w*", r"задержан|отложен", 40),
    r"еще не доставлен|будут продолжены|配信が遅れ|配信の遅延|まだ配信されて|延迟|延遲|仍(?:会|将)继续尝试",
)
"""Not yet: it goes on trying."""

AWAY: Final = _any(
    r"abwesen|nicht im (?:buro|haus)|im urlaub|automatische (?:antwort|ruckmeldung)",
    r"absen(?:t|ce) (?:du|de)|en (?:conges?|vacances)|reponse automatique|message d'absence",
    r"fuera de (?:la )?oficina|de vacaciones|respuesta automatica|ausencia|ausente|fuori (?:sede|ufficio)|in ferie|risposta automatica|assente",
    r"fora d[oe] escritorio|de ferias|resposta automatica|afwezig|automatisch antwoord|poza biurem|nieobecn|automatyczna odpowiedz",
    r"mimo kancelar|automaticka odpoved|franvaro|autosvar|automatiskt svar|ikke til stede|otomatik yanit|ofis disinda",
    r"автоответ|автоматическ\w+ (?:ответ|уведомлен)|в отпуске|вне офиса|не в офисе|автовідповідь|відпустц",
    r"不在|休暇|自動(?:返信|応答|回覆)|自动(?:回复|答复)|休假|外出|부재|자동 (?:응답|회신)",
)
"""A machine answers for a person who is away."""
