//! The sizes of lists: the features say the pack's, a target may have agreed on others.
//! Refuses to change any other number of a feature.

use letterproof_model::Context;

/// Letters one list of AT4 asks for in the pack.
const BATCH: u32 = 1_000;
/// Letters one list of AT15 asks for in the pack.
const CHUNK: u32 = 500;

/// How many letters a list asks for at this target.
pub(crate) fn agreed(asked: u32, context: &Context) -> u32 {
    match asked {
        BATCH => context.at4_batch,
        CHUNK => context.at15_chunk,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packs_sizes_give_way_to_those_that_were_agreed_and_no_others() {
        let mut context = Context::stand_in("http://127.0.0.1:9");
        assert_eq!([1_000, 500].map(|size| agreed(size, &context)), [1_000, 500]);
        (context.at4_batch, context.at15_chunk) = (40, 20);
        assert_eq!([1_000, 500, 2_500].map(|size| agreed(size, &context)), [40, 20, 2_500]);
    }
}
