internal import BedrockRuntimeModel
internal import ServiceModel

/// The limits on number and size of images and documents in a request of Converse, by model.
///
/// - Source: Amazon Bedrock API reference, Message (20 images of 8,000 pixels a side, five documents of 4.5 MB), and
///   User Guide, "API restrictions" (the limit of 4.5 MB does not apply to PDFs for Claude 4 and later, and for Nova).
///   Newer models of Claude accept 100 images, and limit each to 2,000 pixels when there are more than 20, as users
///   have measured.
struct AttachmentLimits {
    static let documentCountMax = 5
    private static let documentBytesMax = 4_718_592
    private static let fewImagesMax = 20
    private static let pixelsMax = 8000
    private static let manyPixelsMax = 2000

    /// The limit on images and documents together.
    private let countMax: Int
    private let limitsPDFs: Bool
    private let hasManyImages: Bool
    private let isClaude: Bool
    private let isLlama: Bool

    /// - Parameters:
    ///   - model: the id without profile and ARN.
    ///   - messages: the conversation.
    /// - Throws: when there are too many images and documents.
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

    /// Refuses an image with more pixels per side than the model accepts, or with another format than declared.
    /// - Source: for Llama's models, the sentence that a user of Converse reports (boto3#4415).
    func check(_ image: ImageBlock, _ bytes: [UInt8], at place: String) throws(ServiceError) {
        try Self.check(image: bytes, at: "\(place).bytes", hasMany: self.hasManyImages)
        let name = image.format.rawValue
        if self.isClaude { try ImageKind.check(bytes, isCalled: name, at: "\(place).base64") }
        guard self.isLlama, let kind = ImageKind(bytes), kind.rawValue != name else { return }
        throw .invalid("\(ClaudeLimits.conversePrefix)The provided image does not match the specified image format.")
    }

    /// The same for notations with their own counting of images; an image whose size cannot be determined passes.
    static func check(image bytes: [UInt8], at place: String, hasMany: Bool = false) throws(ServiceError) {
        guard let size = ImageSize(bytes) else { return }
        let pixelsMax = hasMany ? Self.manyPixelsMax : Self.pixelsMax
        guard max(size.width, size.height) <= pixelsMax else {
            throw .invalid(
                "\(place): At least one of the image dimensions exceed max allowed size"
                    + "\(hasMany ? " for many-image requests" : ""): \(pixelsMax) pixels")
        }
    }

    /// Refuses a document that is larger than the model accepts.
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
