"""What the pages for the readers of mails say, in four languages."""

from collections.abc import Iterable
from typing import Final

LANGUAGES: Final = {"en": "English", "fr": "Français", "es": "Español", "ru": "Русский"}

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "gone": "This link leads nowhere any more",
        "gone_text": "It is incomplete, or what it led to is no longer kept. If you copied it, check that all of it was copied.",
        "later": "Just a moment",
        "later_text": "This cannot be looked up right now. Please try again in a minute.",
        "leave": "Unsubscribe",
        "leave_text": "Do you no longer want to get commercial messages at {address}? Messages about your orders and your account still come.",
        "leave_button": "Unsubscribe me",
        "left": "You are unsubscribed",
        "left_text": "No more commercial messages will be sent to {address}. One that is on its way already may still arrive.",
        "back_button": "Subscribe again",
        "preferences": "Your preferences",
        "in_text": "{address} gets commercial messages.",
        "out_text": "{address} gets no commercial messages.",
        "back": "You are subscribed again",
        "back_text": "Commercial messages may be sent to {address} again.",
        "rate": "Your rating",
        "rate_text": "From {lowest} to {highest}. It counts once you send it.",
        "comment": "Would you like to tell us more? (optional)",
        "rate_button": "Send the rating",
        "rated": "Thank you!",
        "rated_text": "Your rating was received.",
        "old": "This message can no longer be shown",
        "old_text": "It is too old, or its content was deleted.",
        "bad": "That could not be understood",
        "bad_text": "Please use the button on the page.",
    },
    "fr": {
        "gone": "Ce lien ne mène plus nulle part",
        "gone_text": "Il est incomplet, ou la page visée n’est plus conservée. Si vous l’avez copié, vérifiez qu’il est entier.",
        "later": "Un instant",
        "later_text": "Impossible de répondre pour le moment. Merci de réessayer dans une minute.",
        "leave": "Se désabonner",
        "leave_text": "Ne plus recevoir de messages commerciaux à l’adresse {address} ? Les messages sur vos commandes et votre compte "
        "continueront d’arriver.",
        "leave_button": "Me désabonner",
        "left": "Vous êtes désabonné(e)",
        "left_text": "Plus aucun message commercial ne sera envoyé à {address}. Un message déjà parti peut encore arriver.",
        "back_button": "Me réabonner",
        "preferences": "Vos préférences",
        "in_text": "{address} reçoit les messages commerciaux.",
        "out_text": "{address} ne reçoit pas de messages commerciaux.",
        "back": "Vous êtes de nouveau abonné(e)",
        "back_text": "Des messages commerciaux peuvent de nouveau être envoyés à {address}.",
        "rate": "Votre note",
        "rate_text": "De {lowest} à {highest}. Elle compte une fois envoyée.",
        "comment": "Souhaitez-vous en dire plus ? (facultatif)",
        "rate_button": "Envoyer la note",
        "rated": "Merci !",
        "rated_text": "Votre note a bien été reçue.",
        "old": "Ce message ne peut plus être affiché",
        "old_text": "Il est trop ancien, ou son contenu a été supprimé.",
        "bad": "La demande n’a pas été comprise",
        "bad_text": "Merci d’utiliser le bouton de la page.",
    },
    "es": {
        "gone": "Este enlace ya no lleva a ninguna parte",
        "gone_text": "Está incompleto, o ya no se conserva aquello a lo que llevaba. Si lo ha copiado, compruebe que está entero.",
        "later": "Un momento",
        "later_text": "Ahora mismo no es posible consultarlo. Inténtelo de nuevo dentro de un minuto.",
        "leave": "Darse de baja",
        "leave_text": "¿Ya no quiere recibir mensajes comerciales en {address}? Los mensajes sobre sus pedidos y su cuenta seguirán "
        "llegando.",
        "leave_button": "Darme de baja",
        "left": "Se ha dado de baja",
        "left_text": "No se enviarán más mensajes comerciales a {address}. Puede que llegue alguno que ya estaba en camino.",
        "back_button": "Volver a suscribirme",
        "preferences": "Sus preferencias",
        "in_text": "{address} recibe mensajes comerciales.",
        "out_text": "{address} no recibe mensajes comerciales.",
        "back": "Se ha suscrito de nuevo",
        "back_text": "Se podrán volver a enviar mensajes comerciales a {address}.",
        "rate": "Su valoración",
        "rate_text": "De {lowest} a {highest}. Cuenta en cuanto la envíe.",
        "comment": "¿Quiere contarnos algo más? (opcional)",
        "rate_button": "Enviar la valoración",
        "rated": "¡Gracias!",
        "rated_text": "Hemos recibido su valoración.",
        "old": "Este mensaje ya no se puede mostrar",
        "old_text": "Es demasiado antiguo, o se ha borrado su contenido.",
        "bad": "No se ha entendido la petición",
        "bad_text": "Utilice el botón de la página.",
    },
    "ru": {
        "gone": "Эта ссылка больше никуда не ведёт",
        "gone_text": "Она неполная, или то, на что она указывала, больше не хранится. Если вы её скопировали, проверьте, что "
        "скопировали целиком.",
        "later": "Одну минуту",
        "later_text": "Сейчас ответить не получается. Попробуйте ещё раз через минуту.",
        "leave": "Отписаться",
        "leave_text": "Больше не получать рекламные письма на адрес {address}? Письма о заказах и учётной записи будут приходить "
        "как прежде.",
        "leave_button": "Отписаться",
        "left": "Вы отписались",
        "left_text": "Рекламные письма на адрес {address} больше отправляться не будут. Уже отправленное письмо ещё может прийти.",
        "back_button": "Подписаться снова",
        "preferences": "Ваши настройки",
        "in_text": "На адрес {address} приходят рекламные письма.",
        "out_text": "На адрес {address} рекламные письма не приходят.",
        "back": "Вы снова подписаны",
        "back_text": "На адрес {address} снова могут приходить рекламные письма.",
        "rate": "Ваша оценка",
        "rate_text": "От {lowest} до {highest}. Она будет учтена после отправки.",
        "comment": "Хотите рассказать подробнее? (необязательно)",
        "rate_button": "Отправить оценку",
        "rated": "Спасибо!",
        "rated_text": "Ваша оценка получена.",
        "old": "Это письмо больше нельзя показать",
        "old_text": "Оно слишком старое, или его содержание удалено.",
        "bad": "Запрос не понят",
        "bad_text": "Пожалуйста, воспользуйтесь кнопкой на странице.",
    },
}  # fmt: skip


def language(*wishes: str) -> str:
    """The first of some language tags that the pages speak, English when none is."""
    for wish in wishes:
        short = wish.strip().lower().partition("-")[0].partition("_")[0]
        if short in LANGUAGES:
            return short
    return "en"


def accepted(header: str) -> Iterable[str]:
    """The tags of an ``Accept-Language`` (RFC 9110 §12.5.4), the dearest first."""
    ranked = []
    for place, part in enumerate(header[:500].split(",")[:20]):
        tag, _, weight = part.partition(";")
        value = weight.strip().removeprefix("q=")
        try:
            ranked.append((-float(value) if value else -1.0, place, tag.strip()))
        except ValueError:
            continue
    return [tag for _, _, tag in sorted(ranked)]
