// Takes new mails into the list every two seconds, unless the person at the page has turned that off.
const live = document.getElementById("live");
const news = document.getElementById("news");

async function refresh() {
  if (!live.checked || document.hidden) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const list = document.getElementById("list");
  const freshList = fresh.getElementById("list");
  if (list.innerHTML === freshList.innerHTML) return;
  // The focus stays on the mail where it was.
  const focused = document.activeElement?.getAttribute("href");
  list.replaceChildren(...freshList.childNodes);
  if (focused) list.querySelector(`a[href="${focused}"]`)?.focus();
  const count = fresh.getElementById("count").textContent;
  document.getElementById("count").textContent = count;
  document.title = fresh.title;
  news.textContent = count;
}

setInterval(refresh, 2000);

document.getElementById("clear").addEventListener("click", async () => {
  if (!confirm("Delete every mail in this mailbox?")) return;
  await fetch("/messages", { method: "DELETE" });
  location.reload();
});
