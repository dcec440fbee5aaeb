// When a run stops for a missing model file: a dialog that shows its licence and fetches it on request.

import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";

const ERROR_TYPE = "MissingModelError";
const COMMAND = /tower models get ([\w.\- ]+)`/;
const EVENT = "tower.model";
const MIB = 1 << 20;
const POLL_MS = 1000;

/** @typedef {{name: string, purpose: string, licence: string, repository: string, size: number | null,
 *   folder: string, files: string[], state: string, done: number, total: number, error: string}} Model */

/** Names of the models that an error message asks for. */
export function missingModels(message) {
    const match = COMMAND.exec(message ?? "");
    return match ? match[1].trim().split(/\s+/) : [];
}

function element(tag, text = "", style = "") {
    const made = document.createElement(tag);
    made.textContent = text;
    made.style.cssText = style;
    return made;
}

/** @returns {Promise<Model>} */
async function ask(path, options) {
    const response = await api.fetchApi(`/anime/models/${path}`, options);
    const answer = await response.json();
    if (!response.ok) {
        throw new Error([answer.error?.message, answer.error?.hint].filter(Boolean).join(" "));
    }
    return answer;
}

function download(name) {
    return ask(`${encodeURIComponent(name)}/download`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: "{}",
    });
}

/** One model of the dialog; what it shows follows the model's state. */
class Row {
    /** @param {Model} model */
    constructor(model) {
        this.name = model.name;
        this.node = element("section", "", "margin: 12px 0; display: grid; gap: 4px");
        this.node.dataset.model = model.name;
        const size = model.size === null ? "" : ` (${Math.round(model.size / MIB)} MiB)`;
        this.button = element("button", "Download", "width: max-content; padding: 4px 12px");
        this.progress = element("progress", "", "width: 100%");
        this.status = element("output", "", "white-space: pre-wrap; overflow-wrap: anywhere");
        this.node.append(
            element("strong", `${model.name}${size}`),
            element("span", `${model.purpose} Licence: ${model.licence}.`),
            element("span", `From https://huggingface.co/${model.repository}`),
            element("small", `By hand: put ${model.files.join(" and ")} into ${model.folder}`),
            this.button,
            this.progress,
            this.status,
        );
        this.button.addEventListener("click", () => this.fetch());
        this.show(model);
    }

    async fetch() {
        try {
            this.show(await download(this.name));
            // Events are quicker, but one may come before this answer, or be lost with the connection.
            while (this.state === "fetching" && this.node.isConnected) {
                await new Promise((resolve) => setTimeout(resolve, POLL_MS));
                this.show(await ask(encodeURIComponent(this.name)));
            }
        } catch (error) {
            this.status.textContent = error.message;
        }
    }

    /** @param {Model} model */
    show(model) {
        this.state = model.state;
        const isFetching = model.state === "fetching";
        this.button.hidden = isFetching || model.state === "installed";
        this.progress.hidden = !isFetching;
        if (model.total > 0) {
            this.progress.max = model.total;
            this.progress.value = model.done;
        } else {
            this.progress.removeAttribute("value");
        }
        const sentences = {
            fetching: `${Math.floor(model.done / MIB)} of ${Math.ceil(model.total / MIB)} MiB`,
            failed: model.error,
            installed: "Installed. Run the workflow again.",
        };
        this.status.textContent = sentences[model.state] ?? "";
    }
}

let open = null;

/** Show the dialog for these models; one that is open already is replaced. */
async function offer(names) {
    const models = await Promise.all(names.map((name) => ask(encodeURIComponent(name))));
    open?.dialog.remove();
    const rows = models.map((model) => new Row(model));
    const dialog = element("dialog", "", "max-width: 640px; padding: 16px 24px; font: 14px sans-serif");
    dialog.id = "tower-models";
    const close = element("button", "Close", "padding: 4px 12px");
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
        dialog.remove();
        open = null;
    });
    dialog.append(element("h3", "Tower needs model files"), ...rows.map((row) => row.node), close);
    document.body.append(dialog);
    dialog.showModal();
    open = { dialog, rows };
}

function complain(error) {
    app.extensionManager?.toast?.add({
        severity: "error",
        summary: "Tower",
        detail: error.message,
        life: 10000,
    });
}

app.registerExtension({
    name: "tower.models",
    setup() {
        api.addEventListener("execution_error", ({ detail }) => {
            const names = missingModels(detail?.exception_message);
            if (String(detail?.exception_type).endsWith(ERROR_TYPE) && names.length) {
                offer(names).catch(complain);
            }
        });
        api.addEventListener(EVENT, ({ detail }) => {
            open?.rows.find((row) => row.name === detail.name)?.show(detail);
        });
    },
});
