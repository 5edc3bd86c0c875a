// The panel of requests and answers; a newer one stands higher.
import { make, secondsText } from "./talk.js";

const KEPT = 150;

function pretty(text) {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) {
    try {
      return JSON.stringify(JSON.parse(trimmed), null, 2);
    } catch {
      return text;
    }
  }
  return trimmed.startsWith("<xml") ? trimmed.replace(/^<xml>/, "<xml>\n").replace(/(<\/\w+>)(?=<)/g, "$1\n") : text;
}

const block = (title, text, open = false) => (text ? [make("h4", {}, title), make("pre", open ? { class: "open" } : {}, pretty(text))] : []);

function details(exchange) {
  const query = Object.entries(exchange.query).map(([name, value]) => `${name} = ${value}`).join("\n");
  const callback = exchange.way === "callback";
  return make(
    "div",
    { class: "detail" },
    ...block(callback ? "地址参数（签名在这里）" : "地址参数", query),
    ...block(exchange.sent_plain ? "发出的内容（密文）" : "发出的内容", exchange.sent),
    ...block("发出的内容（加密之前）", exchange.sent_plain, true),
    ...block(exchange.answer_plain ? "回应（密文）" : "回应", exchange.answer || "（空）"),
    ...block("回应（解密之后）", exchange.answer_plain, true),
  );
}

export class Wire {
  constructor(list, budget) {
    this.list = list;
    this.budget = budget;
    this.way = "";
    this.seen = new Set();
  }

  clear() {
    this.seen.clear();
    this.list.replaceChildren();
  }

  only(way) {
    this.way = way;
    for (const item of this.list.children) item.hidden = Boolean(way) && item.dataset.way !== way;
  }

  add(exchange) {
    if (this.seen.has(exchange.id)) return;
    this.seen.add(exchange.id);
    const slow = exchange.latency_ms > this.budget() * 1000;
    const when = secondsText(exchange.at);
    const time = exchange.latency_ms >= 1000 ? `${(exchange.latency_ms / 1000).toFixed(1)} 秒` : `${exchange.latency_ms.toFixed(0)} 毫秒`;
    const callback = exchange.way === "callback";
    const mode = [exchange.mode, exchange.attempt > 1 ? `第 ${exchange.attempt} 次投递` : "", exchange.status === 200 ? "" : exchange.status ? `HTTP ${exchange.status}` : "没有回应"].filter(Boolean).join(" · ");
    const summary = make(
      "summary",
      {},
      make("time", {}, when),
      make("b", { class: "what" }, `${exchange.method} ${exchange.path.replaceAll("-", "\u2011")}`),
      make("span", { class: "ms" }, slow ? `超时 ${time}` : time),
      make("span", { class: "verdict" }, make("span", { class: callback ? "way" : "way api" }, callback ? "平台→服务" : "服务→平台"), `${exchange.good ? "✓" : "✗"} ${exchange.verdict}${mode ? ` · ${mode}` : ""}`),
    );
    const fold = make("details", {}, summary);
    fold.addEventListener("toggle", () => fold.childElementCount === 1 && fold.append(details(exchange)));
    const item = make("li", { class: exchange.good && !slow ? "" : "bad", "data-way": exchange.way }, fold);
    item.hidden = Boolean(this.way) && this.way !== exchange.way;
    this.list.prepend(item);
    while (this.list.childElementCount > KEPT) this.list.lastElementChild.remove();
  }
}
