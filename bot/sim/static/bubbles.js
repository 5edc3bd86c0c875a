// One chat bubble of each kind, as WeChat and 企业微信 draw them.
import { make, safeUrl, svg } from "./talk.js";

const COLOURS = ["#b4553d", "#3f7a4f", "#3c6ca8", "#8a5a9e", "#9a6a16", "#2f7d80"];
export function face(name, id) {
  let sum = 0;
  for (const letter of id) sum += letter.codePointAt(0);
  return make("span", { class: "face", style: `background:${COLOURS[sum % COLOURS.length]}`, "aria-hidden": "true" }, name[0]);
}

// Web addresses and the <a> that WeChat allows in texts become links; everything else stays text.
function words(text, pick) {
  const parts = [];
  const pattern = /<a\s+href=["']([^"']+)["'][^>]*>([^<]*)<\/a>|(https?:\/\/[^\s，。；！？、（）「」【】<>"]+)/g;
  let last = 0;
  for (const found of text.matchAll(pattern)) {
    parts.push(text.slice(last, found.index));
    const url = found[1] || found[3];
    const menu = url.match(/msgmenucontent=([^&]+)/);
    if (menu) parts.push(make("button", { type: "button", class: "pick", onclick: () => pick(decodeURIComponent(menu[1])) }, found[2]));
    else if (safeUrl(url)) parts.push(make("a", { href: url, target: "_blank", rel: "noopener" }, found[2] || url));
    else parts.push(found[2] || "");
    last = found.index + found[0].length;
  }
  parts.push(text.slice(last));
  return parts;
}

function rows(list) {
  const table = make("dl");
  for (const [name, value] of list || []) table.append(make("dt", {}, name), make("dd", {}, value));
  return table;
}

const foot = (url, label) => (safeUrl(url || "") ? make("a", { class: "foot link", href: url, target: "_blank", rel: "noopener" }, label) : null);

function picture(bubble) {
  const image = make("img", { src: `/sim/media/${encodeURIComponent(bubble.more.media_id || "")}`, alt: "照片", loading: "lazy" });
  return make("div", { class: "bubble bare" }, image);
}

function spoken(bubble) {
  const waves = svg([["path", { d: "M5 9v6M10 5v14M15 8v8M20 10v4" }]]);
  const length = Math.max(1, Math.round([...bubble.text].length / 4));
  return make("div", { class: "bubble" }, make("span", { class: "spoken" }, waves, `${length}″`), make("small", {}, "转文字："), bubble.text);
}

function map(bubble) {
  const streets = svg(
    [
      ["rect", { width: 208, height: 78, fill: "#e3ecdf" }],
      ["path", { d: "M0 52H208M70 0V78M150 0V78", stroke: "#fff", "stroke-width": 9 }],
      ["rect", { x: 86, y: 12, width: 46, height: 26, fill: "#cdd6d9" }],
      ["path", { d: "M108 46c-9-12-13-18-13-25a13 13 0 0 1 26 0c0 7-4 13-13 25Z", fill: "#d23b30" }],
      ["circle", { cx: 108, cy: 21, r: 5, fill: "#fff" }],
    ],
    "0 0 208 78",
  );
  const where = `${Number(bubble.more.latitude).toFixed(4)}, ${Number(bubble.more.longitude).toFixed(4)}`;
  return make("div", { class: "bubble bare" }, make("span", { class: "place" }, make("b", {}, bubble.text), make("small", {}, where), streets));
}

function card(bubble, act) {
  const { more, kind } = bubble;
  const body = make("div", { class: "card" }, make("h3", {}, bubble.text));
  if (more.description) body.append(make("p", {}, more.description));
  if (more.sub_title) body.append(make("p", {}, more.sub_title));
  if (more.rows) body.append(rows(more.rows));
  for (const article of kind === "news" ? more.articles || [] : []) {
    if (article.description) body.append(make("p", {}, article.description));
    body.append(foot(article.url, "阅读全文 ›") || "");
  }
  if (kind === "textcard") body.append(foot(more.url, `${more.button} ›`) || "");
  if (kind === "template") body.append(foot(more.url, "查看详情 ›") || "");
  if (kind === "msgmenu") {
    for (const choice of more.choices) body.append(make("button", { type: "button", class: "pick", onclick: () => act.pick(choice.content) }, choice.content));
    if (more.tail) body.append(make("p", {}, more.tail));
  }
  if (more.done) body.append(make("span", { class: "foot" }, `✓ ${more.done}`));
  else if (more.buttons?.length) {
    const keys = more.buttons.map((button) => make("button", { type: "button", onclick: () => act.press(bubble, button.key) }, button.text));
    body.append(make("div", { class: "keys" }, ...keys));
  }
  return make("div", { class: "bubble bare", style: "flex:1" }, body);
}

export function drawn(bubble, person, account, act) {
  if (bubble.side === "system") {
    const why = bubble.more.reason ? make("small", {}, `原因：${bubble.more.reason}（投递 ${bubble.more.attempts} 次）`) : null;
    return make("div", { class: bubble.kind === "fault" ? "tip fault" : "tip", "data-id": bubble.id }, bubble.text, why);
  }
  const mine = bubble.side === "me";
  let body;
  if (bubble.kind === "image") body = picture(bubble);
  else if (bubble.kind === "voice" && mine) body = spoken(bubble);
  else if (bubble.kind === "location") body = map(bubble);
  else if (["template", "news", "textcard", "template_card", "msgmenu"].includes(bubble.kind)) body = card(bubble, act);
  else body = make("div", { class: "bubble" }, ...words(bubble.text, act.pick));
  if (bubble.via === "push") body.append(make("span", { class: "push" }, `主动推送 · ${bubble.more.way || ""}`));
  const who = mine ? face(person.name, person.id) : make("span", { class: "face", style: `background:${account.kind === "企业微信" ? "#1f5fbf" : "#06803f"}`, "aria-hidden": "true" }, "邻");
  const speaker = make("span", { class: "sr" }, mine ? `${person.name}：` : "机器人：");
  return make("div", { class: mine ? "row me" : "row", "data-id": bubble.id }, who, speaker, body);
}
