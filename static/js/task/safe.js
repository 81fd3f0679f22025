// @ts-check
// Rendered Markdown as nodes: rebuilt from a short list of tags, so that no answer can bring others.
import { h } from "../lib/dom.js";

const TAGS = new Set(
  "p br hr em strong s code pre blockquote ul ol li h4 h5 h6 table thead tbody tr th td a".split(
    " ",
  ),
);
const LINK = /^(https?:|mailto:|[^:]*$|[^:]*[/?#])/i;

/** Return the nodes of HTML that the server rendered; what is not on the list becomes its text. */
export function safeNodes(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  return Array.from(page.body.childNodes, copy);
}

function copy(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.textContent || "");
  if (!(node instanceof Element)) return document.createTextNode("");
  const name = node.localName;
  if (!TAGS.has(name)) return document.createTextNode(node.textContent || "");
  const children = Array.from(node.childNodes, copy);
  return name === "a" ? link(node, children) : h(name, {}, ...children);
}

function link(node, children) {
  const href = node.getAttribute("href") || "";
  return LINK.test(href)
    ? h("a", { href, rel: "noopener" }, ...children)
    : h("span", {}, ...children);
}
