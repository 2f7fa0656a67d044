// The board: cards are carried or moved by key into the gate's dialog; the server decides.
// A card never changes its column here: only a verifier's word moves a project.
(function () {
  "use strict";
  var dialog = document.getElementById("gate-dialog");
  var says = document.getElementById("board-says");
  var opener = null;

  function say(words) {
    says.textContent = "";
    setTimeout(function () {
      says.textContent = words;
    }, 50);
  }

  // --- The dialog ---
  function openGate(address, from) {
    opener = from;
    htmx.ajax("GET", address, { target: "#gate-body", swap: "innerHTML" }).then(function () {
      if (!dialog.open) dialog.showModal();
      var first = dialog.querySelector(
        "[role=alert], .gate-fields input, .gate-fields select, .gate-fields textarea"
      );
      if (first && first.getAttribute("role") === "alert") say(first.textContent.trim());
      else if (first) first.focus();
    });
  }

  function focusCard(card) {
    var link = card && card.querySelector(".board-name");
    if (link) link.focus();
  }

  if (dialog) {
    document.addEventListener("click", function (event) {
      var move = event.target.closest("[data-gate]");
      if (move && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
        event.preventDefault();
        openGate(move.getAttribute("href"), move.closest("[data-card]"));
      } else if (event.target.closest("[data-gate-close]") || event.target === dialog) {
        dialog.close();
      }
    });
    dialog.addEventListener("close", function () {
      // The card may have been written anew since.
      if (opener) focusCard(document.getElementById(opener.id));
    });
    // A refusal comes as 422 and is shown where it was asked.
    document.addEventListener("htmx:beforeSwap", function (event) {
      if (event.detail.xhr.status === 422 && event.detail.target.id === "gate-body") {
        event.detail.shouldSwap = true;
        event.detail.isError = false;
      }
    });
    document.addEventListener("htmx:afterSettle", function (event) {
      if (event.detail.target.id !== "gate-body" || !dialog.open) return;
      var wrong = dialog.querySelector(".text-error, [role=alert]");
      if (!wrong) return;
      say(dialog.querySelector("[role=alert]").textContent.trim());
      var field = dialog.querySelector(".text-error");
      field = field && field.parentElement.querySelector("input, select, textarea");
      if (field) field.focus();
    });
    document.addEventListener("gate:claimed", function (event) {
      dialog.close();
      say(event.detail.words);
      setTimeout(function () {
        focusCard(document.getElementById("card-" + event.detail.card));
      }, 60);
    });
  }

  // --- Carrying ---
  function makeCarried() {
    if (!dialog || !window.Sortable) return;
    document.querySelectorAll("#results .board-cards").forEach(function (column) {
      column.closest(".board").dataset.draggable = "yes";
      window.Sortable.create(column, {
        group: "board",
        sort: false,
        draggable: ".board-card",
        forceFallback: true,
        fallbackOnBody: true,
        fallbackTolerance: 4,
        delay: 180,
        delayOnTouchOnly: true,
        animation: 0,
        ghostClass: "board-ghost",
        fallbackClass: "board-carried",
        onEnd: function (event) {
          if (event.from === event.to) return;
          // Back to its place at once: the dialog asks, the server answers.
          var place = event.from.querySelectorAll(".board-card")[event.oldDraggableIndex];
          event.from.insertBefore(event.item, place || event.from.querySelector(".board-more"));
          var address = dialog.dataset.address.replace("/0/", "/" + event.item.dataset.card + "/");
          openGate(address + "?to=" + event.to.dataset.stage, event.item);
        },
      });
    });
  }

  // --- Arrow keys go from card to card ---
  document.addEventListener("keydown", function (event) {
    var card = event.target.closest && event.target.closest("[data-card]");
    if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
    var columns = Array.prototype.slice.call(document.querySelectorAll("#results .board-cards"));
    var column = card.closest(".board-cards");
    var cards = Array.prototype.slice.call(column.querySelectorAll("[data-card]"));
    var at = cards.indexOf(card);
    var next = null;
    if (event.key === "ArrowDown") next = cards[at + 1];
    else if (event.key === "ArrowUp") next = cards[at - 1];
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      var step = event.key === "ArrowRight" ? 1 : -1;
      for (var n = columns.indexOf(column) + step; n >= 0 && n < columns.length; n += step) {
        var others = columns[n].querySelectorAll("[data-card]");
        if (others.length) {
          next = others[Math.min(at, others.length - 1)];
          break;
        }
      }
    } else return;
    event.preventDefault();
    if (next) focusCard(next);
  });

  document.addEventListener("htmx:afterSettle", function (event) {
    if (event.detail.target.id === "results" || event.detail.elt.id === "results") makeCarried();
  });
  makeCarried();
})();
