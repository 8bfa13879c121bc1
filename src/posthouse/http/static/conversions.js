/* Posthouse: remembers the click that brought the visitor here, and reports an order. */
(function () {
  var key = "ph_cid", script = document.currentScript, days = Number(script.dataset.days) || 7;
  var base = new URL(script.src).origin, word = /^[\w-]{40}$/, here = location.href;
  var came = new URL(here).searchParams.get(key);
  if (word.test(came || "")) {
    try { localStorage.setItem(key, came + " " + Date.now()); } catch (e) { /* private window: good for this page */ }
    here = here.replace(/([?&])ph_cid=[\w-]{40}&?/, "$1").replace(/[?&](?=#|$)/, "");
    history.replaceState(history.state, "", here);
  } else { came = null; }
  function click() {
    var kept;
    try { kept = (localStorage.getItem(key) || "").split(" "); } catch (e) { return came; }
    return word.test(kept[0]) && Date.now() - kept[1] < days * 864e5 ? kept[0] : came;
  }
  window.posthouse = {
    /* What to send to POST /v1/conversions as "click", from the shop's server: the better way. */
    click: click,
    /* Reports from the browser: posthouse.convert({order: "A-1001", amount: "49.90", currency: "EUR"}) */
    convert: function (order) {
      var word = click();
      return !!word && navigator.sendBeacon(base + "/k/" + word, JSON.stringify({
        order: String(order.order), amount: String(order.amount), currency: String(order.currency)
      }));
    }
  };
})();
