internal import Inference

/// What a tool returned: texts, and images that stand behind the results, since a result is a text to an engine.
struct ToolResultContent {
    /// The place of the result in its message, from 1: images are told apart by it.
    let number: Int
    private var texts: [String] = []
    private var images: [ChatRequest.Part] = []

    init(number: Int) {
        self.number = number
    }

    mutating func add(_ text: String) { self.texts.append(text) }

    /// Adds an image; a mark stands for it in the text and before the image.
    mutating func add(_ image: ChatRequest.Part) {
        let mark = "[image \(self.number).\(self.images.count / 2 + 1)]"
        self.texts.append(mark)
        self.images += [.text(mark), image]
    }

    func parts(callID: String) -> [ChatRequest.Part] {
        [.toolResult(callID: callID, text: self.texts.joined(separator: "\n"))] + self.images
    }
}
