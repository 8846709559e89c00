// Puts each event that the server sends on top of the list. The rows are made,
// and escaped, by the server.
const list = document.getElementById("events");
const light = document.getElementById("live");
const source = new EventSource("/events?after=" + list.dataset.newest);
source.onopen = () => light.classList.add("on");
source.onerror = () => light.classList.remove("on"); // it tries again by itself
source.onmessage = (event) => {
  list.querySelector(".none")?.remove();
  list.insertAdjacentHTML("afterbegin", event.data);
};
