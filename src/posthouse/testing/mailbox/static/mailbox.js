// The mailbox page. Everything that a mail says goes into the page as text; its HTML lives in a sandboxed frame only.
"use strict";

const POLL = 1500;
const TABS = ["html", "text", "headers", "source", "files"];
const byId = (id) => document.getElementById(id);
const state = { rows: [], tag: "", chosen: "", tab: "", mail: null, wide: "desktop", cursor: -1 };

// ---- talking to the API --------------------------------------------------------------------------------------

async function refresh() {
  const words = byId("search").value.trim();
  try {
    const answer = await fetch("api/messages?q=" + encodeURIComponent(words), {
      headers: state.tag ? { "If-None-Match": state.tag } : {}, cache: "no-store",
    });
    if (answer.status === 304) return showCount();
    if (!answer.ok) throw new Error(String(answer.status));
    state.tag = answer.headers.get("ETag") || "";
    const page = await answer.json();
    state.total = page.total;
    state.unread = page.unread;
    state.rows = page.messages;
    state.lost = false;
    showList(words);
  } catch {
    state.tag = "";
    state.lost = true;
  }
  showCount();
}

async function open(id) {
  const answer = await fetch("api/messages/" + encodeURIComponent(id), { cache: "no-store" });
  if (!answer.ok) { location.hash = "#/"; return; }
  const mail = await answer.json();
  if (state.chosen !== id) return;
  state.mail = mail;
  showMail();
  await fetch("api/messages/" + encodeURIComponent(id) + "/read", { method: "POST" });
  refresh();
}

// ---- the list ------------------------------------------------------------------------------------------------

function showCount() {
  const place = byId("count");
  place.classList.toggle("lost", Boolean(state.lost));
  const unread = state.unread ? `, ${state.unread} unread` : "";
  const words = state.lost ? "Not connected, trying again…" : `${state.total || 0} ${state.total === 1 ? "mail" : "mails"}${unread}`;
  if (place.textContent !== words) place.textContent = words;
}

function showList(words) {
  const list = byId("list");
  const old = new Map([...list.children].map((item) => [item.dataset.id, item]));
  const items = state.rows.map((row) => fill(old.get(row.id) || item(row), row));
  const focused = document.activeElement && document.activeElement.closest("#list li");
  const same = items.length === list.children.length && items.every((one, n) => one === list.children[n]);
  if (!same) list.replaceChildren(...items);
  if (focused && focused.isConnected) focused.firstChild.focus({ preventScroll: true });
  byId("clear").hidden = state.rows.length === 0;
  byId("nothing").hidden = state.rows.length > 0;
  byId("nothing-title").textContent = words ? "Nothing found" : "No mail yet";
  byId("nothing-text").textContent = words
    ? `No mail has “${words}” in its sender, recipients or subject.`
    : "Whatever is sent here shows up by itself, without reloading the page.";
}

function item(row) {
  const link = make("a", { href: "#/" + row.id });
  for (const name of ["who", "when", "subject", "from", "size"]) link.append(make("span", { className: name }));
  const one = make("li", {}, link);
  one.dataset.id = row.id;
  return one;
}

function fill(one, row) {
  const link = one.firstChild;
  const parts = link.children;
  const words = [row.to.join(", ") || "(nobody)", when(row.received_at), row.subject || "(no subject)", "from " + row.from, size(row.size)];
  words.forEach((text, n) => { if (parts[n].textContent !== text) parts[n].textContent = text; });
  parts[1].title = new Date(row.received_at).toLocaleString();
  link.classList.toggle("unread", row.unread);
  link.setAttribute("aria-current", String(row.id === state.chosen));
  link.setAttribute("aria-label", (row.unread ? "Unread: " : "") + words.join(", "));
  return one;
}

// ---- one mail ------------------------------------------------------------------------------------------------

function showMail() {
  const mail = state.mail;
  byId("unchosen").hidden = true;
  byId("one").hidden = false;
  byId("subject").textContent = mail.subject || "(no subject)";
  document.title = `${mail.subject || "(no subject)"} · Mailbox`;
  const people = [["From", mail.from], ["To", shorten(mail.to)], ["Received", new Date(mail.received_at).toLocaleString() + " · " + size(mail.size)]];
  const envelope = `${mail.envelope.from || "<>"} → ${shorten(mail.envelope.to)} · ${mail.envelope.via}`;
  people.push(["Envelope", envelope]);
  byId("people").replaceChildren(...people.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
  byId("signatures").replaceChildren(...(mail.dkim.length ? mail.dkim.map(signature) : ["No DKIM signature"]));
  byId("defects").hidden = mail.defects.length === 0;
  byId("defects").textContent = "Badly built: " + [...new Set(mail.defects)].slice(0, 5).join(", ");
  byId("tab-html").hidden = mail.html === null;
  byId("tab-text").hidden = mail.text === null;
  byId("tab-files").hidden = mail.attachments.length === 0;
  byId("tab-files").textContent = `Attachments (${mail.attachments.length})`;
  const possible = TABS.filter((name) => !byId("tab-" + name).hidden);
  showTab(possible.includes(state.tab) ? state.tab : possible[0]);
  byId("mail").focus({ preventScroll: true });
}

function signature(one) {
  return make("span", { title: "Signed header fields: " + one.headers.join(", ") }, `DKIM ${one.domain} · ${one.selector} · ${one.algorithm}`);
}

function showTab(name) {
  state.tab = name;
  for (const tab of byId("tabs").children) {
    const chosen = tab.dataset.tab === name;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  }
  byId("panel").setAttribute("aria-labelledby", "tab-" + name);
  byId("widths").hidden = name !== "html";
  byId("panel").replaceChildren(...PANELS[name](state.mail));
  byId("panel").scrollTop = 0;
}

const PANELS = {
  html(mail) {
    const frame = make("iframe", { title: "The mail as its reader sees it", className: state.wide, referrerPolicy: "no-referrer" });
    frame.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
    frame.src = `api/messages/${mail.id}/html?view=1`;
    return [frame];
  },
  text: (mail) => [make("pre", {}, mail.text)],
  headers(mail) {
    const rows = mail.headers.map(([name, value]) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, make("div", {}, value))));
    return [make("table", { className: "headers" }, make("tbody", {}, ...rows))];
  },
  source(mail) {
    const place = make("pre", { className: "source" }, "…");
    const path = `api/messages/${mail.id}/source`;
    fetch(path).then((answer) => answer.text()).then((text) => { place.textContent = text.slice(0, 2_000_000); });
    return [make("p", { className: "actions" }, make("a", { href: path + "?download=1", download: mail.id + ".eml" }, "Download .eml")), place];
  },
  files(mail) {
    const rows = mail.attachments.map((file) => make("tr", {},
      make("td", {}, make("a", { href: `api/messages/${mail.id}/attachments/${file.n}`, download: file.name }, file.name)),
      make("td", {}, file.type + (file.content_id ? ", inline" : "")), make("td", {}, size(file.size))));
    return [make("table", {}, make("tbody", {}, ...rows))];
  },
};

// ---- small things --------------------------------------------------------------------------------------------

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function when(instant) {
  const moment = new Date(instant);
  const today = moment.toDateString() === new Date().toDateString();
  return today ? moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" }) : moment.toLocaleDateString([], { day: "numeric", month: "short" });
}

function size(octets) {
  if (octets < 1000) return `${octets} B`;
  return octets < 999_500 ? `${Math.round(octets / 1000)} kB` : `${(octets / 1e6).toFixed(1)} MB`;
}

function shorten(people) {
  return people.length > 10 ? `${people.slice(0, 10).join(", ")} and ${people.length - 10} more` : people.join(", ");
}

function follow() {
  const id = decodeURIComponent(location.hash.slice(2));
  state.chosen = id;
  document.body.classList.toggle("open", Boolean(id));
  for (const one of byId("list").children) one.firstChild.setAttribute("aria-current", String(one.dataset.id === id));
  if (id) { open(id); return; }
  state.mail = null;
  byId("one").hidden = true;
  byId("unchosen").hidden = false;
  document.title = "Mailbox · Posthouse";
}

function step(by) {
  const links = [...byId("list").querySelectorAll("a")];
  if (!links.length) return;
  const here = links.findIndex((link) => link === document.activeElement);
  const from = here >= 0 ? here : links.findIndex((link) => link.getAttribute("aria-current") === "true");
  const next = links[Math.min(links.length - 1, Math.max(0, from < 0 ? 0 : from + by))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  if (state.chosen && getComputedStyle(byId("mail")).display !== "none") location.hash = next.getAttribute("href");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("sure").open) return;
  if (event.target.matches("input")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.target.matches("[role=tab]") && ["ArrowRight", "ArrowLeft"].includes(event.key)) {
    const tabs = [...byId("tabs").children].filter((tab) => !tab.hidden);
    const next = tabs[(tabs.indexOf(event.target) + (event.key === "ArrowRight" ? 1 : tabs.length - 1)) % tabs.length];
    next.focus();
    showTab(next.dataset.tab);
    return;
  }
  const does = { j: () => step(1), k: () => step(-1), "/": () => byId("search").focus(), Escape: () => { location.hash = "#/"; } }[event.key];
  if (does) { event.preventDefault(); does(); }
});

byId("tabs").addEventListener("click", (event) => { if (event.target.dataset.tab) showTab(event.target.dataset.tab); });
byId("widths").addEventListener("click", (event) => {
  if (!event.target.dataset.width) return;
  state.wide = event.target.dataset.width;
  for (const button of byId("widths").children) button.setAttribute("aria-pressed", String(button.dataset.width === state.wide));
  const frame = byId("panel").querySelector("iframe");
  if (frame) frame.className = state.wide;
});
byId("search").addEventListener("input", () => { state.tag = ""; refresh(); });
document.querySelector(".search").addEventListener("submit", (event) => { event.preventDefault(); step(0); });
byId("clear").addEventListener("click", () => byId("sure").showModal());
byId("sure").addEventListener("close", async () => {
  if (byId("sure").returnValue !== "yes") return;
  await fetch("api/messages", { method: "DELETE" });
  location.hash = "#/";
  state.tag = "";
  refresh();
});
window.addEventListener("hashchange", follow);
setInterval(() => { if (!document.hidden) refresh(); }, POLL);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
refresh();
follow();
