/// Information from a model's own files.
struct ModelInspection: Sendable, Equatable {
    var kind: ModelRecord.Kind
    var facts: ModelRecord.Facts
    var license: String?

    /// - Parameter paths: the weights, or their parts in order.
    /// - Throws: `.damaged` for an incomplete or invalid model, `.usage` for a file that cannot be used by itself.
    init(weights paths: [String]) throws(RegistryError) {
        let file: GGUFFile
        do throws(GGUFError) {
            file = try GGUFFile.open(parts: paths)
        } catch {
            // The sentence ends with a full stop, but the registry's sentences are combined with others.
            throw RegistryError(.damaged, String(error.description.dropLast()))
        }
        switch file.role {
        case .chat: self.kind = .chat
        case .embedding: self.kind = .embedding
        case .rerank: self.kind = .rerank
        case .projector, .other:
            throw RegistryError(
                .usage,
                "\(paths[0]) is not a model by itself (\(file.architecture)); import the model that it belongs to")
        }
        self.facts = ModelRecord.Facts(
            architecture: file.architecture, parameterCount: Int64(clamping: file.parameterCount),
            contextTokensMax: file.trainedContext.map { Int(clamping: $0) }, quantisation: file.quantisation)
        self.license = file.metadata.text("general.license").map { String($0.prefix(100)) }
    }
}
