"""What servers say in other languages than English: the same few sentences, in the words of the large mail systems.

German, French, Spanish, Italian, Portuguese, Dutch, Polish, Czech, Swedish, Danish, Turkish, Russian, Ukrainian, Japanese, Chinese, Korean; missing
and full mailboxes in Hungarian, Romanian, Finnish, Greek, Hebrew and Arabic too. Sought in
text without accents (:func:`bare`), as many servers leave them out. Every gap is bounded.
"""

import re
from typing import Final

_ACCENTED: Final = "àáâãäåāąçćčďèéêëēęěìíîïīłñńňòóôõöøōőřśšşťùúûüūůűýÿžźżğıæœßășțţđľĺŕųįėģķļņ"
_BARE: Final = "aaaaaaaacccdeeeeeeeiiiiilnnnoooooooorssstuuuuuuuyyzzzgiaosasttdllruiegkln"
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
        r"\b(?:adresse|e-?mail-?adresse|adressat\w*|empfanger\w*|benutzer\w*|teilnehmer\w*|postfach|konto)\b",
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
        r"desconocid|no existe|inexistente|no (?:es )?valid|no encontrad|no se (?:ha )?(?:enc(?:ontr|uentr)|pudo encontrar)|ya no (?:existe|esta)",
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
    _near(r"(?:impossibile|non (?:e|e stato) possibile) trovare", r"indirizzo|destinatario|utente|casella", 30),
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
    _near(r"\b(?:felhasznalo|cimzett|postafiok|cim)\b", r"nem (?:letezik|talalhato|ismert)|ismeretlen", 40),
    _near(
        r"\b(?:utilizator|destinatar|adresa|cont)(?:ul|a)?\b", r"nu (?:exista|a fost gasit)|necunoscut|inexistent", 40
    ),
    _near(r"\b(?:kayttaj|vastaanottaj|osoit|postilaatik)\w*", r"ei (?:loydy|ole olemassa|tunneta)|tuntematon", 40),
    _near(
        r"(?:χρηστη|χρήστη|παραληπτη|παραλήπτη|διευθυνσ|διεύθυνσ)\w*",
        r"δεν (?:υπάρχ|υπαρχ|βρέθηκ|βρεθηκ)|άγνωστ|αγνωστ",
        40,
    ),
    _near("משתמש|נמען|כתובת|תיבה", "לא (?:קיים|קיימת|נמצא|נמצאה)|אינו קיים|אינה קיימת", 30),
    _near("المستخدم|المستلم|العنوان|البريد", "غير موجود|غير معروف|لا يوجد", 30),
)
"""There is no such mailbox."""

CLOSED: Final = _any(
    _near(r"\b(?:konto|postfach|mailbox|account)\b", r"gesperrt|deaktiviert|geschlossen|geloscht|stillgelegt", 40),
    _near(r"\b(?:compte|boite)\b", r"desactivee?|fermee?|suspendue?|bloquee?|supprimee?|cloturee?|resiliee?", 40),
    _near(
        r"\b(?:cuenta|buzon|casilla|conta|caixa)\b",
        r"suspen[ds]|desactivad|desativad|bloquead|cancelad|cerrad|encerrad|eliminad|inactiv|inativ",
        40,
    ),
    _near(r"\b(?:account|casella|utenza)\b", r"disattivat|disabilitat|sospes|bloccat|chius|cancellat|inattiv", 40),
    _near(
        r"\b(?:konto|skrzynka|account|postvak|schranka|konto|hesap\w*)\b",
        r"zablokowan|nieaktywn|wylaczon|geblokkeerd|gedeactiveerd|opgeheven|zruse|sparrat|devre disi",
        40,
    ),
    _near(
        r"(?:ящик|аккаунт|скриньк|уч[её]тн\w* запис|пользовател)\w*",
        r"закрыт|приостановлен|неактив|деактивир|вимкнен|заблокован",
        40,
    ),
    _near("账户|账号|帐户|帐号|邮箱|信箱|用户", "停用|冻结|禁用|注销|锁定|凍結", 12),
    _near("アカウント|メールボックス", "停止|凍結|無効|閉鎖|削除", 16),
    _near("계정|메일함|사용자", "비활성|정지|휴면|삭제|차단", 16),
)
"""The mailbox is closed."""

SENDER: Final = _any(
    r"\b(?:absender|expediteur|remitente|remetente|mittente|afzender|nadawca|odesilatel|avsandaren?|gonderen)\w*[^.;:,]{0,25}"
    r"(?:\bnicht\b|unbekannt|abgelehnt|gesperrt|ungultig|\bnon\b|\bno\b|\bnao\b|inconnue?|inexistan|refuse|rejet|interdit|bloqu"
    r"|desconhecid|desconocid|inexistente|rechazad|rejeitad|invalid|sconosciut|rifiutat|bloccat|onbekend|geweigerd|nieznan|odrzucon|okand)",
    r"nicht (?:berechtigt|autorisiert|befugt)[^.;]{0,60}(?:send|schick|schreib)\w*|keine berechtigung[^.;]{0,40}(?:send|schick)\w*",
    r"(?:pas|non) autorisee? a (?:envoyer|ecrire|poster)|pas l'autorisation d'(?:envoyer|ecrire)|no (?:tiene|dispone de) permisos? para enviar",
    r"no (?:esta|se encuentra) autorizad\w para enviar",
    r"non (?:sei|si e|e) autorizzat\w a (?:inviare|spedire)|nao (?:tem permissao|esta autorizad\w) para enviar",
    r"niet (?:gemachtigd|bevoegd|toegestaan) om[^.;]{0,40}(?:verzend|stur)\w*",
    r"nie (?:masz|ma) uprawnien do wysyl\w*|нет (?:прав|разрешения) на отправку",
    r"отправител\w*[^.;:,]{0,25}(?:не (?:разреш|найден|существ|принима|допущ|авториз|подтвер)|неизвест|запрещ|заблокир|отклон|отверг)",
    r"(?:发件人|發件人|寄件者|寄件人|送信者|差出人|보낸 ?사람|발신자)[^。;:,]{0,10}(?:拒|不|无效|無効|未|非法|없|차단|거부)",
)
"""The sender, whatever is wrong with it."""

REFUSED: Final = _any(
    _near(r"\bempfanger\w*", r"verweiger|nimmt keine|lehnt\b", 40),
    _near(
        r"\b(?:destinataire|destinatario|ontvanger|odbiorca)\b",
        r"\brefuse\b|a refuse|n'accepte pas|\brechaz[ao]|no acepta|rifiuta|non accetta|recus|nao aceita|weigert",
        40,
    ),
    _near(r"(?:получател|адресат)\w*", r"отказ|не принимает|отклон", 40),
    _near("收件人|受信者|수신자", "拒收|拒绝|拒否|거부", 10),
)
"""The person, or whoever acts for the person, refuses it."""

FILES: Final = _any(
    _near(
        r"\b(?:anhang|anhange|dateianhang|dateityp)\w*",
        r"verboten|nicht (?:erlaubt|zugelassen|gestattet)|blockiert|abgelehnt",
        40,
    ),
    _near(
        r"\b(?:pieces? jointes?|fichiers? joints?|type de fichier)\b", r"interdite?s?|non autorise|refuse|bloque", 40
    ),
    _near(
        r"\b(?:adjuntos?|allegat[oi]|anexos?|bijlagen?|zalacznik\w*)\b",
        r"no permitid|prohibid|bloquead|non consentit|vietat|bloccat|nao permitid|proibid|niet toegestaan|niedozwolon",
        40,
    ),
    _near(r"вложен\w+", r"запрещ|не допуска|заблокир", 40),
    _near("附件|添付ファイル|첨부", "禁止|不允许|拒|許可|허용", 16),
)
"""A file that is not let in."""

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
    _near(r"\bpostafiok\w*", r"megtelt|tele van", 40),
    _near(r"\b(?:casuta|cutia)\b", r"plina", 40),
    _near(r"\bpostilaatik\w*", r"taynna", 40),
    _near(r"(?:γραμματοκιβ|θυρίδα|θυριδα|εισερχ)\w*", r"πλήρ|πληρ|γεμάτ|γεματ", 40),
    _near("תיבה|תיבת", "מלאה", 30),
    _near("صندوق|علبة", "ممتلئ", 30),
)
"""The mailbox is full."""

_OUR_SERVER: Final = r"\bip\b|\bip-?adress\w*|serv(?:er|eur|idor)s?\b|сервер\w*|主机|サーバ|서버|服务器"
BLOCKED: Final = _any(
    r"(?:adresse|direccion|indirizzo|endereco|adres|adresa|adressen?) ip\b|\bip[ -]?(?:adresse?n?|adresa?|adresu)\b|ip[ -]?адрес\w*",
    r"sperrliste|schwarze[nr]? liste|liste (?:noire|de blocage)|lista (?:negra|nera|de bloqueo|di blocco)|zwarte lijst|czarn\w+ li(?:st|sci)\w*",
    r"cern\w+ listin\w*|svart\w* list\w+|kara liste\w*|ч[её]рн\w+ спис\w+|чорн\w+ спис\w+|спам-?баз\w+|黑名单|黑名單|ブラックリスト|블랙리스트",
    _near(
        _OUR_SERVER,
        r"gesperrt|blockiert|abgelehnt|geblokkeerd|bloque|bloccat|bloquead|rechaz|rejeit|refus|zablokowan|blokovan|blockera|engellen"
        r"|заблокирован|запрещ|отклон|blocked|封|屏蔽|拒绝|拒絶|拒否|차단",
        50,
    ),
)
"""Our server is on a list, or refused for what it is."""

SPAM: Final = _any(
    r"спам\w*|垃圾邮件|垃圾郵件|迷惑メール|スパム|스팸|\bspam(?:verdacht|nachricht|mail)\w*",
    r"unerwunschte\w* (?:e-?mail|werbung|nachricht)|pourriel|indesirables?\b",
    r"correo (?:basura|no deseado)|posta indesiderata|lixo eletronico|ongewenste (?:e-?mail|berichten)|niechcian\w+ (?:poczt|wiadomos)",
)
"""It looks like advertising that nobody asked for."""

TOO_LARGE: Final = _any(
    _near(r"\b(?:nachricht|e-?mail|mail|anhang)\w*", r"zu gro(?:s|ss)\b|grossenbeschrankung|zu umfangreich", 40),
    _near(r"\b(?:message|courriel|taille|piece jointe)\b", r"trop (?:volumineu|gros|grand|lourd)|depasse", 40),
    _near(
        r"\b(?:mensaje|correo|messaggio|mensagem|tamano|tamanho|dimensione)\b",
        r"demasiado grande|muito grande|troppo grande|excede|supera",
        40,
    ),
    _near(r"\b(?:bericht|wiadomosc|zprava|meddelande\w*)\b", r"te groot|za duz|zbyt duz|prilis velk|for stor", 40),
    _near(r"(?:сообщени|письм|размер)\w*", r"слишком больш|превыша", 40),
    _near("邮件|郵件|附件|メール|メッセージ|サイズ|메일|메시지|크기", "过大|過大|太大|大きすぎ|超え|초과|너무 큽", 20),
)
"""Too large."""

NO_RELAY: Final = _any(
    r"relais (?:interdit|refuse|non autorise)|relay(?:ing)? (?:verweigert|nicht erlaubt|abgelehnt|no permitido|non consentito|niet toegestaan)",
    r"weiterleitung (?:verweigert|nicht erlaubt)|reenvio no permitido|(?:релей|ретрансляц)\w* (?:запрещ|не разреш)\w*",
    r"转发被拒绝|中継(?:は|が)?(?:拒否|許可)",
)
"""It relays for others only."""

LATER: Final = _any(
    r"antwortet nicht|zeituberschreitung|zeitlimit|ne repond pas|delai (?:d'attente )?(?:depasse|expire|imparti|ecoule)|no responde|tiempo de espera",
    r"non risponde|tempo scaduto|nao (?:esta respondendo|responde)|tempo (?:limite|esgotado)",
    r"reageert niet|nie odpowiada|przekroczono (?:limit )?czas",
    r"не отвечает|(?:истекло|превышено) время|тайм-?аут|超时|超時|没有响应|タイムアウト|応答がありません|응답하지 않|시간 ?초과",
    r"versuchen sie es (?:bitte )?(?:spater|erneut)|spater (?:noch ?(?:ein)?mal|erneut|wieder)",
    r"(?:voruber|zeitweil)\w* nicht (?:verfugbar|erreichbar)",
    r"reessayer (?:plus tard|ulterieurement)|temporairement (?:indisponible|refuse|impossible)|intente\w* (?:de nuevo )?mas tarde|temporalmente",
    r"riprova\w* (?:piu tardi|in seguito)|temporaneamente|tente novamente|mais tarde|temporariamente|probeer het later|tijdelijk",
    r"sprobuj (?:ponownie|pozniej)|tymczasow\w+|zkuste to pozdeji|docasne|forsok igen|prov igen senare|daha sonra tekrar|gecici olarak",
    r"повторите попытку|попробуйте позже|позднее|временно|пізніше|тимчасово|稍后(?:再试|重试)|暂时|暫時|後ほど|しばらくして|一時的|나중에|일시적",
)
"""It may pass."""

NOT_DELIVERED: Final = re.compile(
    _any(
        r"did not reach|could ?n(?:o|')t be (?:delivered|sent)|(?:was|were) (?:not|un)(?: ?able to be)? ?deliver(?:ed|able)",
        r"unable to (?:be )?deliver|not (?:been )?delivered|non-?delivery|undeliver|delivery (?:has |to )[^.]{0,60}fail|delivery failed",
        r"returned to sender|rejected your message|unzustellbar|nachrichtenzustellung|fehler bei der zustellung",
        r"erreur (?:de|lors de la) (?:remise|livraison|distribution)|error (?:de|en la) entrega|erro (?:de|na) entrega|errore (?:di|nel) recapito",
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

CHALLENGE: Final = _any(
    r"authentification (?:requise|demandee|de l'expediteur)|vous authentifier (?:en|pour|sur)|confirme[rz] que vous (?:etes|n'etes)",
    r"bestatigen sie[^.]{0,60}(?:mensch|robot|absender|link|klick)|absenderbestatigung|klicken sie[^.]{0,60}(?:zuzustellen|zugestellt|freizu)",
    r"confirme? que (?:es|usted es|no es|e|voce e|nao e) (?:una? |uma? )?(?:persona|pessoa|human|robot)|verificacion (?:de|del) remitente",
    r"conferm(?:a|are|i) (?:di essere|di non essere|che (?:sei|e)) |verifica (?:del )?mittente|confirmacao d[eo] (?:remetente|envio)|antispam uol",
    r"подтвердите,? что вы (?:не робот|человек)|подтверждени\w+ отправителя|potwierdz\w* (?:ze|swoja|nadawc)|bevestig[^.]{0,40}(?:mens|afzender)",
)
"""A filter asks the sender to prove to be human."""

AWAY: Final = _any(
    r"accuse de reception|eingangsbestatigung|empfangsbestatigung|acuse de recibo|conferma di ricezione|confirmacao de rec(?:ebimento|epcao)",
    r"(?:confirmation|acknowledge?ment) of receipt|automatisch (?:erstellt|generiert)|ontvangstbevestiging|potwierdzenie (?:otrzymania|odbioru)",
    r"abwesen|nicht im (?:buro|haus)|im urlaub|automatische (?:antwort|ruckmeldung)",
    r"absen(?:t|ce) (?:du|de)|en (?:conges?|vacances)|reponse automatique|message d'absence",
    r"fuera de (?:la )?oficina|de vacaciones|respuesta automatica|ausencia|ausente|fuori (?:sede|ufficio)|in ferie|risposta automatica|assente",
    r"fora d[oe] escritorio|de ferias|resposta automatica|afwezig|automatisch antwoord|poza biurem|nieobecn|automatyczna odpowiedz",
    r"odpowiedz automatyczna|na urlopie|automaattinen vastaus|poissa (?:toimistosta|toista)|automatisk svar|automatikus valasz|hazon kivul",
    r"raspuns automat|αυτοματη απαντηση|αυτόματη απάντηση",
    r"תשובה אוטומטית|מענה אוטומטי|رد تلقائي|автоматична відповідь|resposta automatica|fora de l'oficina|automatski odgovor|automaticen odgovor",
    r"mimo kancelar|automaticka odpoved|franvaro|autosvar|automatiskt svar|ikke til stede|otomatik yanit|ofis disinda",
    r"автоответ|автоматическ\w+ (?:ответ|уведомлен)|в отпуске|вне офиса|не в офисе|автовідповідь|відпустц",
    r"不在|休暇|自動(?:返信|応答|回覆)|自动(?:回复|答复)|休假|外出|부재|자동 (?:응답|회신)",
)
"""A machine answers for a person who is away."""
