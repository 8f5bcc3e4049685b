internal import BedrockRuntimeModel
internal import ServiceModel

/// How many images and documents a model takes in a request of Converse, and how large they may be.
///
/// - Source: Amazon Bedrock API reference, Message (20 images of 8,000 pixels a side, five documents of 4.5 MB), and
///   User Guide, "API restrictions" (PDFs of Claude 4 and later, and of Nova, are not held to 4.5 MB). Newer models of
///   Claude take 100 images, and hold each to 2,000 pixels where there are more than 20, as users have measured.
struct AttachmentLimits {
    static let documentCountMax = 5
    private static let documentBytesMax = 4_718_592
    private static let fewImagesMax = 20
    private static let pixelsMax = 8000
    private static let manyPixelsMax = 2000

    /// Images and documents together.
    private let countMax: Int
    private let limitsPDFs: Bool
    private let hasManyImages: Bool
    private let isClaude: Bool
    private let isLlama: Bool

    /// - Parameters:
    ///   - model: the id without profile and ARN.
    ///   - messages: what is asked.
    /// - Throws: where there are too many images and documents.
    init(_ model: String, _ messages: [Message]) throws(ServiceError) {
        self.isClaude = model.hasPrefix("anthropic.")
        self.isLlama = model.hasPrefix("meta.")
        let isNewerClaude =
            model.hasPrefix("anthropic.claude-")
            && !["anthropic.claude-3", "anthropic.claude-v", "anthropic.claude-instant"].contains(
                where: model.hasPrefix)
        self.countMax = isNewerClaude ? 100 : Self.fewImagesMax
        self.limitsPDFs = !isNewerClaude && !model.hasPrefix("amazon.nova")
        var (images, documents) = (0, 0)
        for block in messages.lazy.flatMap(\.content) {
            switch block {
            case .image: images += 1
            case .document: documents += 1
            case .toolResult(let result):
                for content in result.content {
                    if case .image = content { images += 1 }
                    if case .document = content { documents += 1 }
                }
            default: break
            }
        }
        self.hasManyImages = images > Self.fewImagesMax
        guard images == 0 || images + documents <= self.countMax else {
            throw .invalid("too many images and documents: \(images) + \(documents) > \(self.countMax)")
        }
    }

    /// Refuses an image with more pixels to a side than the model takes, and what it finds to be of another kind.
    /// - Source: of Llama's models the sentence that a user of Converse reports (boto3#4415).
    func check(_ image: ImageBlock, _ bytes: [UInt8], at place: String) throws(ServiceError) {
        try Self.check(image: bytes, at: "\(place).bytes", hasMany: self.hasManyImages)
        let name = image.format.rawValue
        if self.isClaude { try ImageKind.check(bytes, isCalled: name, at: "\(place).base64") }
        guard self.isLlama, let kind = ImageKind(bytes), kind.rawValue != name else { return }
        throw .invalid("\(ClaudeLimits.conversePrefix)The provided image does not match the specified image format.")
    }

    /// The same for notations that count no images, or have done so; an image that does not say how large it is passes.
    static func check(image bytes: [UInt8], at place: String, hasMany: Bool = false) throws(ServiceError) {
        guard let size = ImageSize(bytes) else { return }
        let pixelsMax = hasMany ? Self.manyPixelsMax : Self.pixelsMax
        guard max(size.width, size.height) <= pixelsMax else {
            throw .invalid(
                "\(place): At least one of the image dimensions exceed max allowed size"
                    + "\(hasMany ? " for many-image requests" : ""): \(pixelsMax) pixels")
        }
    }

    /// Refuses a document that is longer than the model takes.
    func check(_ document: DocumentBlock) throws(ServiceError) {
        guard document.format != .pdf || self.limitsPDFs else { return }
        let bytes =
            switch document.source {
            case .bytes(let bytes): bytes.count
            case .text(let text): text.utf8.count
            default: 0
            }
        guard bytes <= Self.documentBytesMax else {
            throw .invalid(
                "The maximum document size is 4.5 MB. Reduce the size of your document and retry your request.")
        }
    }
}
