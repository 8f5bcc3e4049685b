internal import Inference

/// Maps ids of Bedrock to the identical or the most similar open model.
///
/// An id whose weights are open is answered by the same model once that is pulled under its name in the list, without
/// configuration. For all other ids a local model stands in, and only if an alias says so: whether something else
/// answers than was requested is the user's choice, never ours.
package enum FamilyRules {
    /// The mapping of one kind of ids.
    struct Rule: Sendable {
        /// An id in which `*` matches any characters.
        let pattern: String
        /// The name of a model of `OpenModel.all`.
        let model: String
        /// Whether it is the identical model, in another notation.
        let isSame: Bool

        init(_ pattern: String, _ model: String, isSame: Bool = false) {
            self.pattern = pattern
            self.model = model
            self.isSame = isSame
        }
    }

    /// The first matching rule applies: narrow rules precede wide ones.
    /// - Source: Bedrock User Guide, "Supported foundation models in Amazon Bedrock", for the ids.
    static let all: [Rule] = [
        Rule("meta.llama3-2-1b-*", "llama3.2-1b", isSame: true),
        Rule("meta.llama3-2-3b-*", "llama3.2-3b", isSame: true),
        Rule("meta.llama3-1-8b-*", "llama3.1-8b", isSame: true),
        Rule("meta.llama3-3-70b-*", "llama3.3-70b", isSame: true),
        Rule("meta.llama*-70b-*", "llama3.3-70b"), Rule("meta.llama*-405b-*", "llama3.3-70b"),
        Rule("meta.llama4-*", "llama3.3-70b"), Rule("meta.llama3-2-*", "gemma3-12b"), Rule("meta.*", "llama3.1-8b"),
        Rule("mistral.mistral-7b-*", "mistral-7b"), Rule("mistral.ministral-*", "mistral-7b"),
        Rule("mistral.*", "mistral-small-24b"),
        Rule("openai.gpt-oss-20b-*", "gpt-oss-20b", isSame: true),
        Rule("openai.gpt-oss-120b-*", "gpt-oss-120b", isSame: true), Rule("openai.*", "gpt-oss-20b"),
        Rule("qwen.qwen3-32b-*", "qwen3-32b", isSame: true),
        Rule("qwen.qwen3-coder-30b-*", "qwen3-coder-30b", isSame: true), Rule("qwen.*", "qwen3-30b-a3b"),
        Rule("google.gemma-3-4b-*", "gemma3-4b", isSame: true),
        Rule("google.gemma-3-12b-*", "gemma3-12b", isSame: true),
        Rule("google.gemma-3-27b-*", "gemma3-27b", isSame: true), Rule("google.*", "gemma3-12b"),
        Rule("deepseek.*", "deepseek-r1-8b"),
        Rule("amazon.titan-embed-*", "qwen3-embedding-0.6b"), Rule("amazon.nova-2-*embed*", "qwen3-embedding-0.6b"),
        Rule("cohere.embed-*", "qwen3-embedding-0.6b"),
        Rule("amazon.rerank-*", "bge-reranker-v2-m3"), Rule("cohere.rerank-*", "bge-reranker-v2-m3"),
        Rule("amazon.nova-micro-*", "qwen3-4b"), Rule("amazon.nova-lite-*", "gemma3-4b"),
        Rule("amazon.nova-*", "gemma3-12b"), Rule("amazon.titan-text-*", "llama3.2-3b"),
        Rule("anthropic.*haiku*", "qwen3-8b"), Rule("anthropic.*sonnet*", "qwen3-30b-a3b"),
        Rule("anthropic.*opus*", "qwen3-30b-a3b"), Rule("anthropic.*", "qwen3-8b"),
        Rule("moonshot*", "qwen3-30b-a3b"), Rule("writer.*", "qwen3-14b"), Rule("cohere.*", "qwen3-14b"),
        Rule("ai21.*", "qwen3-14b"),
    ]

    static func rule(for id: String) -> Rule? {
        self.all.first { ModelAlias.fits(id, pattern: $0.pattern) }
    }

    /// The identical open model for an id, which answers without an alias; nil when there is none.
    package static func sameModel(as id: String) -> String? {
        self.rule(for: id).flatMap { $0.isSame ? $0.model : nil }
    }

    /// How to make a model with that purpose answer for an id: the commands to type.
    static func remedy(for id: String, _ purpose: EngineLaunch.Purpose) -> String {
        let own = self.rule(for: id).flatMap { OpenModel.named($0.model) }
        guard own?.kind.purpose != purpose,
            let model = OpenModel.all.first(where: { $0.kind.purpose == purpose })
        else { return self.remedy(for: id) }
        return "Let an open model stand in for it with `brume model pull \(model.name) --alias '\(id)'`"
    }

    /// How to make a model answer for an id: the commands to type.
    package static func remedy(for id: String) -> String {
        guard let rule = self.rule(for: id), let model = OpenModel.named(rule.model) else {
            return "Fetch a model with `brume model pull` (`brume model list --catalogue` shows some) and let it "
                + "answer with `brume model alias '\(id)' <model>`"
        }
        let size = "\(model.title), \(ByteCount.text(model.bytes)), for a card with \(model.cardGiB) GiB"
        let command = "brume model pull \(model.name)"
        guard !rule.isSame else { return "Fetch it with `\(command)` (\(size))" }
        return "Let an open model stand in for it with `\(command) --alias '\(id)'` (\(size)), or one that is here "
            + "with `brume model alias '\(id)' <model>`"
    }
}
