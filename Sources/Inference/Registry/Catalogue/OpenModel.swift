/// A publicly available model in Brume's catalogue.
package struct OpenModel: Sendable, Equatable {
    /// Its name in Brume; `brume model pull` uses it as the default name.
    package var name: String
    /// The name given by its authors.
    package var title: String
    package var kind: ModelRecord.Kind
    /// Whether it accepts images.
    package var sees: Bool
    /// A reference for `brume model pull`.
    package var reference: String
    /// The approximate size of all its files.
    package var bytes: Int64
    /// The smallest GPU that holds it entirely with 8,192 tokens of context, by its memory in GiB: 4, 6, 8, 12, 16, 24,
    /// 48, 80. Calculated from the size of the files, the context's memory and the driver's; `brume model plan` is
    /// exact.
    package var cardGiB: Int
    /// The licence as its authors name it; `isOpenSource` says whether it is an open-source licence.
    package var license: String
    /// Whether the licence is approved by the Open Source Initiative. The others allow most users to use the model too,
    /// under their own terms.
    package var isOpenSource: Bool
    /// One sentence.
    package var note: String
}

extension OpenModel {
    /// The date of the last review of the list.
    package static let listDate = "2026-11-28"

    /// The model with that name.
    package static func named(_ name: String) -> OpenModel? {
        self.all.first { $0.name == name }
    }
}
