package import ServiceModel

/// One request to a chat model: everything that decides its answer.
package struct ChatRequest: Sendable {
    /// Who speaks.
    package enum Role: String, Sendable, Hashable {
        case user, assistant
    }

    /// A piece of a message.
    package enum Part: Sendable {
        case text(String)
        /// The bytes of an image and its format, such as `png`.
        case image(format: String, bytes: [UInt8])
        case toolCall(ToolCall)
        case toolResult(callID: String, text: String)
        case reasoning(String)
    }

    /// One turn of a conversation.
    package struct Message: Sendable {
        package var role: Role
        package var parts: [Part]

        package init(role: Role, parts: [Part]) {
            self.role = role
            self.parts = parts
        }
    }

    /// A function that the model may call.
    package struct Tool: Sendable {
        package var name: String
        package var description: String
        /// A JSON Schema of the arguments.
        package var schema: Document
        /// Whether the arguments must meet the schema exactly.
        package var isStrict: Bool

        package init(name: String, description: String, schema: Document, isStrict: Bool = false) {
            self.name = name
            self.description = description
            self.schema = schema
            self.isStrict = isStrict
        }
    }

    /// Whether the model calls a tool.
    package enum ToolChoice: Sendable, Hashable {
        /// As it likes.
        case auto
        /// One of them, whichever.
        case any
        case named(String)
        case never
    }

    /// How the next token is chosen and when to stop.
    package struct Sampling: Sendable, Hashable {
        /// nil leaves it to the model.
        package var tokensMax: Int?
        package var temperature: Double?
        package var topP: Double?
        package var topK: Int?
        /// The least probability of a token, as a share of the likeliest one's.
        package var minP: Double?
        package var presencePenalty: Double?
        package var frequencyPenalty: Double?
        /// The same seed gives the same answer, as far as the engine can.
        package var seed: Int?
        package var stopSequences: [String] = []

        package init() {}
    }

    /// Whether the model thinks before it answers.
    package struct Reasoning: Sendable, Hashable {
        package var isOn: Bool
        /// Tokens that it may think for; nil sets no bound.
        package var tokensMax: Int?
        /// `low`, `medium` or `high`, for models that know such a word.
        package var effort: String?

        package init(isOn: Bool, tokensMax: Int? = nil, effort: String? = nil) {
            self.isOn = isOn
            self.tokensMax = tokensMax
            self.effort = effort
        }
    }

    /// A place in the prompt up to which the client wants it kept for its next requests.
    package struct CachePoint: Sendable, Hashable {
        /// The message in which it stands; nil: behind the system prompts.
        package var message: Int?
        /// So many parts of that message stand before it.
        package var partCount: Int

        package init(message: Int?, partCount: Int = 0) {
            self.message = message
            self.partCount = partCount
        }
    }

    package var system: [String]
    package var messages: [Message]
    package var tools: [Tool]
    package var toolChoice: ToolChoice
    /// Whether it may call several tools at once.
    package var allowsParallelCalls = true
    package var sampling: Sampling
    /// A JSON Schema that the answer's text must meet.
    package var answerSchema: Document?
    /// Whether an answer that is no JSON where `answerSchema` asks for it is told with a stop reason of its own; else
    /// it is an error, for notations that have no word for it.
    package var takesAnyAnswer = false
    /// nil leaves it to the model.
    package var reasoning: Reasoning?
    /// The last of them; nil where there is none.
    package var cachePoint: CachePoint?
    /// Whether the texts of the one message are the whole prompt, marks of the model's template included: nothing is
    /// put around them.
    package var isRawPrompt = false
    /// Told how long the prompt is before the answer begins; nil where nobody asks.
    package var promptCount: PromptCount?
    /// Whose turn it is where requests wait: callers take turns.
    package var caller = ""

    package init(
        system: [String] = [], messages: [Message], tools: [Tool] = [], toolChoice: ToolChoice = .auto,
        sampling: Sampling = Sampling(), answerSchema: Document? = nil
    ) {
        self.system = system
        self.messages = messages
        self.tools = tools
        self.toolChoice = toolChoice
        self.sampling = sampling
        self.answerSchema = answerSchema
    }
}

/// A call that a model made.
package struct ToolCall: Sendable, Hashable {
    /// Unique in its conversation: as the client has it, without the prefix of a notation where a model made it.
    package var id: String
    package var name: String
    package var arguments: Document

    package init(id: String, name: String, arguments: Document) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}
