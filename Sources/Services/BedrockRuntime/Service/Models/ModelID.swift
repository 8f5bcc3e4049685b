internal import BedrockRuntimeModel
internal import Primitives
internal import ServiceModel

/// The model that a request names: by id, by inference profile, or by the ARN of either.
struct ModelID: Sendable, Equatable {
    /// Prefixes of cross-region inference profiles.
    /// - Source: Bedrock User Guide, "Supported Regions and models for inference profiles".
    private static let profilePrefixes = ["us.", "eu.", "apac.", "us-gov.", "jp.", "au.", "ca.", "global."]
    /// Kinds of resources that a request can name; the rest of the ARN is what aliases match. A custom model is invoked
    /// through its deployment or its provisioned throughput, and is not among them.
    /// - Source: Service Authorization Reference, Amazon Bedrock, the resource types of InvokeModel.
    private static let resources = [
        "foundation-model/", "inference-profile/", "application-inference-profile/", "provisioned-model/",
        "imported-model/", "custom-model-deployment/",
    ]
    /// Kinds whose ids are generated, with a fixed length.
    /// - Source: Amazon Bedrock API Reference, InvokeModel, the pattern of `modelId`.
    private static let generated = ["provisioned-model/", "imported-model/", "custom-model-deployment/"]
    private static let generatedIDBytes = 12

    /// Prefixes of ids of models for images, videos or speech, which no engine here supports.
    private static let mediaPrefixes = [
        "amazon.nova-canvas", "amazon.nova-reel", "amazon.nova-sonic", "amazon.nova-2-sonic",
        "amazon.titan-image-generator", "luma.", "stability.", "twelvelabs.",
    ]

    /// The longest name of a model. For requests with OpenAI's and Anthropic's APIs, no model of the API checks the
    /// length, and names are retained with the metrics.
    /// - Source: Amazon Bedrock API Reference, InvokeModel, `modelId`.
    private static let textBytesMax = 2048

    /// The model's id without profile and ARN, such as `anthropic.claude-3-haiku-20240307-v1:0`.
    let name: String
    /// The text in the request.
    let text: String

    /// - Throws: when the text does not name a model, and for profiles of another account.
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

    /// The id without profile and ARN, of any account; nil when the text does not name a model.
    static func id(in text: String) -> String? {
        guard let id = self.pattern(in: text) else { return nil }
        guard let resource = ARN(text)?.resource, self.generated.contains(where: resource.hasPrefix) else { return id }
        return self.isGenerated(id) ? id : nil
    }

    /// The same of an alias, where any part of the id may be a star.
    static func pattern(in text: String) -> String? {
        // Ids are ASCII, as in AWS's patterns: Swift takes some other characters for equal to ASCII's, such as the sign
        // for kelvin to K, which policies do not.
        guard text.utf8.count <= self.textBytesMax, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        var name = text
        if text.hasPrefix("arn:") {
            guard let arn = ARN(text), arn.service == "bedrock",
                let prefix = Self.resources.first(where: arn.resource.hasPrefix)
            else { return nil }
            name = String(arn.resource.dropFirst(prefix.count))
        }
        // An id may be a profile's; of ARNs only those of profiles have its prefix.
        if name == text || text.contains(":inference-profile/"),
            let prefix = Self.profilePrefixes.first(where: name.hasPrefix)
        {
            name.removeFirst(prefix.count)
        }
        return name.isEmpty || self.mayLeaveItsFolder(name.utf8) ? nil : name
    }

    /// Whether a name has a slash, or two dots side by side.
    private static func mayLeaveItsFolder(_ name: String.UTF8View) -> Bool {
        var last: UInt8 = 0
        for byte in name {
            if byte == UInt8(ascii: "/") || (byte == UInt8(ascii: ".") && last == byte) { return true }
            last = byte
        }
        return false
    }

    private static func isGenerated(_ id: String) -> Bool {
        id.utf8.count == Self.generatedIDBytes
            && id.utf8.allSatisfy { ASCII.isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    }

    /// Whether the text is the ARN of a resource whose id says nothing of its model, so that only an alias does. The id
    /// of an application inference profile is a model's if it has a dot.
    static func isOpaque(_ text: String) -> Bool {
        guard let resource = ARN(text)?.resource else { return false }
        return Self.generated.contains(where: resource.hasPrefix)
            || resource.hasPrefix("application-inference-profile/") && !resource.contains(".")
    }

    /// Whether it is an imported model, whose ARN does not show its family.
    var isImported: Bool { self.text.contains(":imported-model/") }

    /// Whether it is the id of a model for images, videos or speech.
    var isForMedia: Bool { Self.mediaPrefixes.contains(where: self.name.hasPrefix) }

    /// Whether the id is that of a conversational model, not of one for media, embeddings or reranking.
    var mayConverse: Bool { !self.isForMedia && VectorNotation.kind(of: self) == nil }

    /// The accesses of an action on the model: to the resource that the request names and, if that is a profile or an
    /// ARN of another region, to the model behind it, which a policy may allow only through that profile.
    ///
    /// DEVIATION: AWS requires access to the model in every region of the profile; here in the request's own.
    /// - Source: Amazon Bedrock User Guide, "Geographic cross-Region inference", "IAM policy requirements"; for the
    ///   condition key "Prerequisites for inference profiles".
    static func accesses(_ action: String, _ text: String, _ context: RequestContext) -> [ResourceAccess] {
        // A text that is not a model's name is refused later, and must not cost the evaluation of policies.
        guard text.utf8.count <= self.textBytesMax else { return [ResourceAccess(action: action, resource: "*")] }
        let own = self.resource(text, context)
        let access = ResourceAccess(action: action, resource: own)
        guard !self.isOpaque(own), let model = self.id(in: text).map({ self.foundationModel($0, context) }),
            model != own
        else { return [access] }
        let isProfile = !own.contains(":foundation-model/")
        return [
            access,
            ResourceAccess(
                action: action, resource: model,
                conditionKeys: isProfile ? ["bedrock:InferenceProfileArn": [own]] : [:]),
        ]
    }

    static func foundationModel(_ id: String, _ context: RequestContext) -> String {
        "arn:\(context.region.partition):bedrock:\(context.region)::foundation-model/\(id)"
    }

    /// The ARN of the resource for access to the model.
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
