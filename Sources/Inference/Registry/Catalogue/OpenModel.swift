/// A model that anybody may fetch, of the list that comes with Brume.
package struct OpenModel: Sendable, Hashable {
    /// What it is called here; the name that `brume model pull` gives it.
    package var name: String
    /// What its makers call it.
    package var title: String
    package var kind: ModelRecord.Kind
    /// Whether it takes images.
    package var sees: Bool
    /// A reference for `brume model pull`.
    package var reference: String
    /// Bytes of all its files, about.
    package var bytes: Int64
    /// The least card that holds it whole with 8,192 tokens of context, in GiB of memory: 4, 6, 8, 12, 16, 24, 48, 80.
    /// Reckoned from the size of the files, the context's memory and what a driver takes; `brume model plan` is exact.
    package var cardGiB: Int
    /// The licence as its makers name it; whether it is an open-source licence says `isOpenSource`.
    package var license: String
    /// Whether the licence is one that the Open Source Initiative lists. The others let most people use the model too,
    /// under terms of their own.
    package var isOpenSource: Bool
    /// One sentence.
    package var note: String
}

extension OpenModel {
    /// When the list was last looked through.
    package static let listDate = "2026-11-28"

    /// The model of that name.
    package static func named(_ name: String) -> OpenModel? {
        self.all.first { $0.name == name }
    }
}
