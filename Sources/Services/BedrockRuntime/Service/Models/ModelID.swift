internal import BedrockRuntimeModel
internal import Primitives
internal import ServiceModel

/// The model that a request names: by id, by inference profile, or by the ARN of either.
struct ModelID: Sendable, Hashable {
    /// Prefixes of inference profiles that spread requests over regions.
    /// - Source: Bedrock User Guide, "Supported Regions and models for inference profiles".
    private static let profilePrefixes = ["us.", "eu.", "apac.", "us-gov.", "jp.", "au.", "ca.", "global."]
    /// Kinds of resources that a request may name; what stands behind is what an alias may fit.
    private static let resources = [
        "foundation-model/", "inference-profile/", "application-inference-profile/", "provisioned-model/",
        "custom-model/", "imported-model/", "custom-model-deployment/",
    ]

    /// What ids of models begin with that make images, videos or speech, or look at videos; no engine here does.
    private static let mediaPrefixes = [
        "amazon.nova-canvas", "amazon.nova-reel", "amazon.nova-sonic", "amazon.nova-2-sonic",
        "amazon.titan-image-generator", "luma.", "stability.", "twelvelabs.",
    ]

    /// The longest text that names a model. Those that the API's model does not check, in OpenAI's and Anthropic's
    /// notations, would else be kept with the metrics whatever their length.
    /// - Source: Amazon Bedrock API Reference, InvokeModel, `modelId`.
    private static let textBytesMax = 2048

    /// The model's id without profile and ARN, such as `anthropic.claude-3-haiku-20240307-v1:0`.
    let name: String
    /// As the request has it.
    let text: String

    /// - Throws: for what names no model, and for profiles of another account.
    init(_ text: String, _ context: RequestContext) throws(ServiceError) {
        self.text = text
        if let arn = ARN(text), arn.service == "bedrock", Self.resources.contains(where: arn.resource.hasPrefix) {
            guard arn.account.isEmpty || arn.account == context.account.description else {
                throw BedrockRuntimeError.accessDenied(
                    message: "You don't have access to the model with the specified model ID.")
            }
        }
        guard let name = Self.id(in: text) else {
            throw BedrockRuntimeError.validation(message: "The provided model identifier is invalid.")
        }
        self.name = name
    }

    /// The id without profile and ARN, whosever it is; nil for what names no model.
    static func id(in text: String) -> String? {
        guard text.utf8.count <= self.textBytesMax else { return nil }
        var name = text
        if text.hasPrefix("arn:") {
            guard let arn = ARN(text), arn.service == "bedrock",
                let prefix = Self.resources.first(where: arn.resource.hasPrefix)
            else { return nil }
            name = String(arn.resource.dropFirst(prefix.count))
        }
        if let prefix = Self.profilePrefixes.first(where: name.hasPrefix) { name.removeFirst(prefix.count) }
        return name.isEmpty || name.contains("/") || name.contains("..") ? nil : name
    }

    /// Whether it is a model that was imported, whose ARN says nothing of its family.
    var isImported: Bool { self.text.contains(":imported-model/") }

    /// Whether it is the id of a model for images, videos or speech.
    var isForMedia: Bool { Self.mediaPrefixes.contains(where: self.name.hasPrefix) }

    /// Whether the model may converse, by its id: neither one for media does nor one for embeddings or reranking.
    var mayConverse: Bool { !self.isForMedia && VectorNotation.kind(of: self) == nil }

    /// What an action on the model touches: the model or the profile, and beside a profile over regions the model that
    /// it leads to, which a policy may allow through that profile only.
    ///
    /// DEVIATION: AWS asks for the model in every region that the profile leads to; here in the request's own.
    /// - Source: Amazon Bedrock User Guide, "Geographic cross-Region inference", "IAM policy requirements"; for the
    ///   condition key "Prerequisites for inference profiles".
    static func accesses(_ action: String, _ text: String, _ context: RequestContext) -> [ResourceAccess] {
        // What names no model is refused later, and is not worth a policy's patterns.
        guard text.utf8.count <= self.textBytesMax else { return [ResourceAccess(action: action, resource: "*")] }
        let own = self.resource(text, context)
        let access = ResourceAccess(action: action, resource: own)
        guard ARN(own)?.resource.hasPrefix("inference-profile/") == true, let model = self.id(in: text) else {
            return [access]
        }
        return [
            access,
            ResourceAccess(
                action: action, resource: self.foundationModel(model, context),
                conditionKeys: ["bedrock:InferenceProfileArn": [own]]),
        ]
    }

    private static func foundationModel(_ id: String, _ context: RequestContext) -> String {
        "arn:\(context.region.partition):bedrock:\(context.region)::foundation-model/\(id)"
    }

    /// What access to the model is access to.
    static func resource(_ text: String, _ context: RequestContext) -> String {
        guard !text.hasPrefix("arn:") else { return text }
        guard Self.profilePrefixes.contains(where: text.hasPrefix) else {
            return self.foundationModel(text, context)
        }
        return ARN(
            service: "bedrock", region: context.region, account: context.account, resource: "inference-profile/\(text)"
        ).description
    }
}
