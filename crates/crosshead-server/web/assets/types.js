/**
 * The types of the server's answers, for the type checker. There is no code here.
 *
 * @typedef {"translate" | "summarize" | "classify" | "generate" | "fill-mask" | "embed" | "token-classify"} Task
 * @typedef {"encoder" | "decoder" | "cross"} Kind
 *
 * @typedef {object} Model
 * @property {string} name
 * @property {string} family
 * @property {Task} task
 * @property {boolean} built_in
 * @property {string[]} from languages that it reads
 * @property {string[]} to languages that it writes
 * @property {string | null} about what its texts are
 * @property {boolean} loaded
 * @property {Kind[]} attention
 * @property {string} [mask] the mask token of a masked language model
 *
 * @typedef {object} Info
 * @property {string} version
 * @property {boolean} key_required
 * @property {Model[]} models
 * @property {{ body_bytes: number, characters: number }} limits
 * @property {boolean} runs whether the server shows training runs
 *
 * @typedef {object} Alignment
 * @property {string[]} source
 * @property {string[]} target
 * @property {number[][]} weights one row for each target word, over the source words
 *
 * @typedef {object} Translation
 * @property {string} text
 * @property {number} score
 * @property {string | null} from
 * @property {string | null} warning
 * @property {{ text: string, score: number }[]} alternatives
 * @property {Alignment | null} [alignment]
 *
 * @typedef {{ source: string, target: string }} Term
 * @typedef {{ text: string, logprob: number, prefix?: string }} NextWord
 * @typedef {{ language: string, confidence: number }} Detected
 * @typedef {{ summary: string, copied: [number, number][], truncated?: boolean }} Summary
 * @typedef {{ label: string, score: number }} Label
 * @typedef {{ text: string, start: number, end: number, score: number }} Attribution
 * @typedef {{ labels: Label[], attributions: Attribution[] | null, warning?: string | null }} Classification
 * @typedef {{ text: string, logprob: number }} Candidate
 * @typedef {{ text: string, logprob: number, alternatives?: Candidate[] }} Token
 * @typedef {{ token: string, score: number, text: string }} Guess
 *
 * @typedef {object} AttentionMaps
 * @property {string} source
 * @property {string | null} target
 * @property {Kind} kind
 * @property {number} n_layers
 * @property {number} n_heads
 * @property {string[]} queries
 * @property {string[]} keys
 * @property {{ layer: number, head: number | "mean", weights: number[][] }[]} maps
 *
 * @typedef {object} Run
 * @property {string} name
 * @property {string | null} task
 * @property {number} step
 * @property {number | null} steps of the whole run
 * @property {boolean} finished
 * @property {Record<string, number>} metrics
 *
 * @typedef {Record<string, number> & { step: number }} LogRow
 *
 * @typedef {object} View
 * @property {string} id the fragment of its address
 * @property {string} name
 * @property {(info: Info) => boolean} serves whether a loaded model can do this
 * @property {(panel: HTMLElement, info: Info) => ({ show?: () => void, hide?: () => void }) | void} build
 * @property {Missing} missing what the view needs
 *
 * @typedef {object} Missing
 * @property {string} what what is missing, as a sentence
 * @property {string[]} commands how to start the server with it
 */
export {};
